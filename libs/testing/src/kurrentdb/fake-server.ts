import grpc from '@grpc/grpc-js';
import featuresGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

import {
  appendAnswer,
  appendOf,
  batchAnswer,
  batchOf,
  confirmation,
  eventAnswer,
  filterOf,
  notFound,
  type ReadWish,
  wishOf,
} from './fake-protocol.js';
import type { FakeKurrentDb, FakeKurrentDbOptions } from './fake-kurrentdb.js';
import { FakeStore } from './fake-store.js';

type Reading = grpc.ServerWritableStream<ReadReq, ReadResp>;

export async function listenAsKurrentDb({ batch }: FakeKurrentDbOptions): Promise<FakeKurrentDb> {
  const store = new FakeStore();
  const faults = { answersToLose: 0 };
  let server = await listen(store, batch, faults, 0);
  return {
    store,
    url: `kurrentdb://127.0.0.1:${server.port}?tls=false&keepAliveInterval=-1`,
    restart: async () => {
      server.grpc.forceShutdown();
      server = await listen(store, batch, faults, server.port);
    },
    loseNextAnswer: () => void (faults.answersToLose += 1),
    stop: async () => server.grpc.forceShutdown(),
  };
}

type Faults = { answersToLose: number };

async function listen(
  store: FakeStore,
  batch: boolean,
  faults: Faults,
  port: number,
): Promise<{ grpc: grpc.Server; port: number }> {
  const server = new grpc.Server();
  server.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods: (_call: unknown, answer: grpc.sendUnaryData<InstanceType<typeof features.SupportedMethods>>) =>
      answer(null, supported(batch)),
  });
  server.addService(streamsGrpc.StreamsService, {
    append: (call: grpc.ServerReadableStream<AppendReq, AppendResp>, answer: grpc.sendUnaryData<AppendResp>) =>
      append(store, faults, call, answer),
    batchAppend: (call: grpc.ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => batchAppend(store, faults, call),
    read: (call: Reading) => read(store, call),
    delete: (_call: unknown, answer: grpc.sendUnaryData<never>) => answer({ code: grpc.status.UNIMPLEMENTED }),
    tombstone: (_call: unknown, answer: grpc.sendUnaryData<never>) => answer({ code: grpc.status.UNIMPLEMENTED }),
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, found) =>
      error === null ? resolve(found) : reject(error),
    );
  });
  return { grpc: server, port: bound };
}

function supported(batch: boolean): InstanceType<typeof features.SupportedMethods> {
  const methods = ['append', 'read', ...(batch ? ['batchappend'] : [])].map((name) => {
    const method = new features.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams').setMethodName(name);
    return method;
  });
  return new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('24.10.0');
}

const lost = { code: grpc.status.UNAVAILABLE, details: 'the connection was cut before the answer' };

function append(
  store: FakeStore,
  faults: Faults,
  call: grpc.ServerReadableStream<AppendReq, AppendResp>,
  answer: grpc.sendUnaryData<AppendResp>,
): void {
  const requests: AppendReq[] = [];
  call.on('data', (request: AppendReq) => requests.push(request));
  call.on('end', () => {
    const { stream, expected, proposed } = appendOf(requests);
    const outcome = store.append(stream, expected, proposed);
    if (takesFault(faults)) answer(lost);
    else answer(null, appendAnswer(outcome, expected));
  });
}

function batchAppend(
  store: FakeStore,
  faults: Faults,
  call: grpc.ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
): void {
  call.on('data', (request: BatchAppendReq) => {
    const { stream, expected, proposed } = batchOf(request);
    const outcome = store.append(stream, expected, proposed);
    if (takesFault(faults)) call.emit('error', Object.assign(new Error('cut'), lost));
    else call.write(batchAnswer(request, outcome, expected));
  });
  call.on('end', () => call.end());
}

function takesFault(faults: Faults): boolean {
  if (faults.answersToLose === 0) return false;
  faults.answersToLose -= 1;
  return true;
}

function read(store: FakeStore, call: Reading): void {
  const wish = wishOf(call.request);
  if (wish.stream !== undefined) return readStream(store, wish, call);
  if (typeof wish.from === 'number' && !store.isBoundary(wish.from)) {
    call.emit('error', Object.assign(new Error('Invalid position.'), { code: grpc.status.INVALID_ARGUMENT }));
    return;
  }
  if (wish.isSubscription) return subscribe(store, wish, call);
  const wants = filterOf(call.request);
  const matching = inDirection(store.all, wish).filter(({ stream }) => wants(stream));
  for (const record of matching.slice(0, wish.count)) call.write(eventAnswer(record));
  call.end();
}

function readStream(store: FakeStore, wish: ReadWish, call: Reading): void {
  const records = store.stream(wish.stream ?? '');
  if (records === undefined) call.write(notFound(wish.stream ?? ''));
  else {
    const { from } = wish;
    const wanted = wish.isBackwards
      ? records.toReversed()
      : records.filter(({ revision }) => typeof from !== 'number' || revision >= from);
    for (const record of wanted.slice(0, wish.count)) call.write(eventAnswer(record));
  }
  call.end();
}

function inDirection(all: FakeStore['all'], { isBackwards, from }: ReadWish): FakeStore['all'] {
  if (isBackwards) return all.toReversed();
  return typeof from === 'number' ? all.filter(({ position }) => position >= from) : all;
}

/** Begins behind its position, and goes on with what is appended. */
function subscribe(store: FakeStore, wish: ReadWish, call: Reading): void {
  const wants = filterOf(call.request);
  const after = typeof wish.from === 'number' ? wish.from : 0;
  let next = store.all.findIndex(({ position }) => position > after);
  if (next === -1) next = store.all.length;
  call.write(confirmation());
  const pump = (): void => {
    for (; next < store.all.length; next += 1) {
      const record = store.all[next];
      if (record !== undefined && wants(record.stream)) call.write(eventAnswer(record));
    }
  };
  const stop = store.onAppend(pump);
  call.on('cancelled', stop);
  call.on('close', stop);
  pump();
}
