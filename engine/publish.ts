/**
 * Publishing, a call a step, in this order: preparePublish, (awaitApproval, approvePublish),
 * applyCreate, setPhase attach, checkBarrier attach until it passes, setPhase steady, checkBarrier
 * steady until it passes, applyRevoke, applyDelete, finishPublish. Each call looks at what exists
 * first: it may be made again after a crash, and the whole row may be started over.
 *
 * An uninstall is a plan of kind `uninstall` and takes the same steps. Its end is a head of kind
 * `uninstall`: nothing is managed, and generations go on counting from there.
 */
export { applyCreate, applyDelete, applyRevoke, finishPublish } from './publish/apply.ts';
export {
  type BarrierOptions,
  type BarrierReport,
  checkBarrier,
} from './publish/barrier.ts';
export {
  approvePublish,
  awaitApproval,
  type Decided,
  failPublish,
  rejectPublish,
} from './publish/decision.ts';
export {
  type Prepared,
  type PublishInput,
  preparePublish,
  type Verdict,
} from './publish/prepare.ts';
export {
  EstateUnread,
  PlanUnderWay,
  RefusedPlan,
  StalePlan,
  StepsFailed,
} from './publish/refusals.ts';
export { setPhase } from './publish/set-phase.ts';
