/** What a systemd unit of an agent says. All paths are absolute. */
export interface UnitWish {
  readonly host: string;
  readonly user: string;
  /** argv of the agent under its supervisor. */
  readonly command: readonly string[];
}

/** What neither an agent nor an app has use for. Taken away as capabilities, since apps and scripts inherit all of it. */
const NEVER_NEEDED = [
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_BOOT',
  'CAP_SYS_TIME',
  'CAP_SYS_PACCT',
  'CAP_SYSLOG',
  'CAP_MAC_ADMIN',
  'CAP_MAC_OVERRIDE',
  'CAP_LINUX_IMMUTABLE',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
].join(' ');

/**
 * The text of the unit. It holds no setting that changes which files, system calls or devices an app or a script may
 * use, or what set-uid programs do: such a setting would break a deployment long after it was made.
 */
export function unitText({ host, user, command }: UnitWish): string {
  return `# Written by \`sluice agent install\`.
[Unit]
Description=Sluice agent of ${oneLine(host)}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
ExecStart=${command.map(quoted).join(' ')}
EnvironmentFile=-/etc/default/sluice-agent
Restart=always
RestartSec=2
TimeoutStopSec=60
# Only the agent ends with this unit. Its apps live on, and the next agent finds them.
KillMode=process
# Apps share the control group: one that runs out of memory ends alone, and their number is their own affair.
OOMPolicy=continue
TasksMax=infinity
LimitNOFILE=65536:524288
KeyringMode=private
CapabilityBoundingSet=~${NEVER_NEEDED}

[Install]
WantedBy=multi-user.target
`;
}

const oneLine = (text: string): string => text.replaceAll('%', '%%').replace(/[\s\p{Cc}]+/gu, ' ');

/** One word of a command line: systemd reads \, ", % and $ in it. */
function quoted(word: string): string {
  const plain = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', () => '$$');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(plain) ? plain : `"${plain}"`;
}
