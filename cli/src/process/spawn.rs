//! Starting children so that none outlives this process.
//!
//! Linux can kill a process when the *thread* that made it ends. So one thread, which never ends, makes all of them; and
//! `setpriv` of util-linux asks for the signal, because asking for it here would need unsafe code between fork and exec.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

struct Order {
    command: Command,
    child: Sender<io::Result<Child>>,
}

static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();
static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();

/// A command whose process dies with this one.
pub(super) fn guarded(program: &OsStr) -> Command {
    match SETPRIV.get_or_init(setpriv) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Gives a command a process group of its own.
pub(super) fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// Gives a command `PATH` alone of this process's environment.
pub(super) fn only_path(command: &mut Command) {
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
}

/// Starts a command on the thread that lasts.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    let orders = ORDERS.get_or_init(|| {
        let (sender, orders) = channel::<Order>();
        std::thread::spawn(move || {
            for mut order in orders {
                // Nobody waits for the answer only if this process is about to end.
                let _ = order.child.send(order.command.spawn());
            }
        });
        sender
    });
    let gone = |_| io::Error::other("the thread that starts processes is gone");
    let (child, answer) = channel();
    orders.send(Order { command, child }).map_err(|_| gone(()))?;
    answer.recv().map_err(|_| gone(()))?
}

/// Where a program is that is called by its name.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| {
            path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
}

/// BusyBox has a `setpriv` that cannot do this.
fn setpriv() -> Option<PathBuf> {
    let path = on_path("setpriv")?;
    let tried = Command::new(&path)
        .args(["--pdeathsig", "KILL", "--", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success()).then_some(path)
}
