/** The uid of {@link PROGRAM_USER}. */
export const PROGRAM_UID = 65_534;
/** The unprivileged user of programs and of the service's own operations on their files. */
export const PROGRAM_USER = `${PROGRAM_UID}:${PROGRAM_UID}`;

/** The uid of {@link PAUSE_USER}. */
export const PAUSE_UID = 65_533;
/**
 * The unprivileged user of a session container's main process. A program can neither signal nor read that process, and a
 * signal to every process of {@link PROGRAM_USER} spares it.
 */
export const PAUSE_USER = `${PAUSE_UID}:${PAUSE_UID}`;
