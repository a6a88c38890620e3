export type { NatsServerOptions, RunningNatsServer } from './nats-server.js';
export { startNatsServer } from './nats-server.js';
export { given, type Given, type Outcome } from './deciders/given.js';
export { FleetCounters } from './fleet/counters.js';
export { type Answered, FakeFleet, type FleetMember, type FleetOptions, type ReportSink } from './fleet/fake-fleet.js';
export { FakeHost, type StepTimes } from './fleet/fake-host.js';
export { type MessageFaults, NO_STEP_FAULTS, type StepFault, type StepFaults, type StepPlace } from './fleet/faults.js';
export { type Random, seededIds, seededRandom } from './time/random.js';
export { type RunLimits, VIRTUAL_EPOCH, VirtualClock } from './time/virtual-clock.js';
