//! The process that undoes a change unless somebody confirms it. It outlives the session that made the change.

use std::path::Path;
use std::time::Duration;

use shakedown_apply::{Real, State, Store, StoreError, System as _};

/// How often it looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until a change is confirmed or taken back, or its time is over: then it is taken back. Where the run that makes the
/// change is gone before it is proved, it is taken back at once. `ready` is called when the process belongs to no session
/// any more.
///
/// # Errors
/// The journal cannot be read.
pub fn watch_until_confirmed(folder: &Path, id: &str, ready: impl FnOnce()) -> Result<(), StoreError> {
    // The loss of the terminal or of the connection must not end this process too. One that leads a session already is
    // safe from that.
    let _leads_one_already = rustix::process::setsid();
    let store = Store::new(folder);
    let system = Real::default();
    ready();
    loop {
        std::thread::sleep(PAUSE);
        let record = store.record(id)?;
        if record.is_finished() {
            return Ok(());
        }
        let over = record.deadline().is_some_and(|deadline| deadline <= system.now());
        if record.is_pending() && !over {
            continue;
        }
        match store.lock() {
            Ok(locked) => {
                // While the lock was taken the other run may have gone on.
                let record = locked.store().record(id)?;
                let waits = record.is_pending() && record.deadline().is_some_and(|deadline| deadline > system.now());
                if !waits && !record.is_finished() {
                    shakedown_apply::recover(&locked, &system)?;
                }
                if locked.store().record(id)?.state == State::RolledBack {
                    return Ok(());
                }
            }
            Err(StoreError::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}
