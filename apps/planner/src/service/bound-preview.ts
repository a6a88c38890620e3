import type { PlanPreview } from '@sluice/contracts';

/** A reply must fit into one NATS message of 1 MiB, beside a plan of up to 450 KiB. */
const MAX_HOSTS_BYTES = 448 * 1024;

const encoder = new TextEncoder();

/** Leaves out the hosts of later batches where all of them would not fit into one message. */
export function boundPreview(preview: PlanPreview): PlanPreview {
  let bytes = 0;
  const kept = preview.batches.findIndex((batch) => {
    bytes += encoder.encode(JSON.stringify(batch)).length + 1;
    return bytes > MAX_HOSTS_BYTES;
  });
  return kept === -1 ? preview : { ...preview, batches: preview.batches.slice(0, kept), truncated: true };
}
