import { type ProblemError, refuse } from '../problems/problem.js';

export const noRollout = (id: string): ProblemError =>
  refuse('NOT_FOUND', `there is no rollout ${id.slice(0, 60)}: GET /v1/rollouts lists those that there are`);

export const noTemplate = (name: string): ProblemError =>
  refuse('NOT_FOUND', `there is no template ${name.slice(0, 60)}: GET /v1/templates lists those that there are`);

export const noGroup = (name: string): ProblemError =>
  refuse('NOT_FOUND', `there is no group ${name.slice(0, 60)}: GET /v1/groups lists those that there are`);
