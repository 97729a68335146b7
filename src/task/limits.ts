/** How long Delete waits for output that is still on its way (contract 5.5, 7.3). */
export const drainBudgetMilliseconds = 10_000;
/** How long a dead init's TaskExit waits for the processes it left behind to be killed. */
export const killAllBudgetMilliseconds = 2_000;
/** How long the deletion of a container that never ran waits for its init's exit to be reaped. */
export const exitAfterDeleteMilliseconds = 2_000;
/** How long after its init's death a container's starts that are still in flight may go on. */
export const lateStartMilliseconds = 500;
/** How long Delete waits for what the runtime does for another call on a container that is over. */
export const lateCallMilliseconds = 500;
/** How long Delete waits for kills that are under way to be answered first. */
export const killAnswerMilliseconds = 2_000;
/** How long the runtime may go on with a Create whose caller has gone. */
export const lostCreateMilliseconds = 10_000;
/** How long the runtime may go on with a Delete whose caller has gone or waits no longer. */
export const lostDeleteMilliseconds = 10_000;
