import { connect } from 'node:net';

/**
 * Publishes over a bare TCP connection, as a client that knows no limit would: no check of ours or of a NATS library
 * stands before the server. Resolves with what the server said after its greeting: a PONG for the PING that follows the
 * message, or an error, or nothing when it hung up in the middle of it.
 */
export function rawPublish(port: number, subject: string, payload: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('CONNECT {"verbose":false,"pedantic":false,"protocol":1}\r\n');
      socket.write(`PUB ${subject} ${payload.length}\r\n`);
      socket.write(payload);
      socket.write('\r\nPING\r\n');
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error(`the server said nothing more than ${said}`)));
    socket.on('data', (piece: Buffer) => {
      said += piece.toString('utf8');
      if (said.includes('PONG')) socket.end();
    });
    // A server that hangs up on a large message resets the connection that is still being written to.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(said.replace(/^INFO [^\r]*\r\n/, '')));
  });
}
