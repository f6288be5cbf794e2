//! The live view: asks Envoy beside the keyboard, so that a key is answered also while Envoy is not answering.

mod draw;

use super::history::{History, Seen};
use super::page::Page;
use super::report::{Report, Sort};
use super::scrape::Source;
use crate::Error;
use crate::explain::now;
use crate::process::{interrupted, watch_interrupts};
use crate::ui::printable;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long a key may wait for a page that has come.
const TICK: Duration = Duration::from_millis(100);
/// Lines that a page key moves by.
const PAGE: usize = 10;
/// Characters of a filter.
const MOST_FILTER: usize = 64;

/// What is looked at, and how.
#[derive(Debug)]
pub(super) struct View {
    of: SocketAddr,
    sort: Sort,
    stage: String,
    /// The filter before it is typed anew; none while nobody types.
    typing: Option<String>,
    paused: bool,
    /// The first line that is shown.
    first: usize,
    seen: Option<Seen>,
    /// Why there is nothing newer.
    problem: Option<String>,
}

/// What becomes of the view after a key.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Next {
    Stay,
    Quit,
}

/// Shows a gateway until somebody has seen enough.
pub(super) fn run(source: Source, first: Page, mut view: View, interval: Duration) -> Result<(), Error> {
    let unusable = |source: std::io::Error| {
        Error::failed("cannot use the terminal").help("`--once` needs none").because(source)
    };
    watch_interrupts().map_err(unusable)?;
    let (send, pages) = sync_channel(1);
    let (_stop, stopped) = sync_channel(0);
    // It ends with the view: at once, or when its question is answered.
    std::thread::spawn(move || ask(&source, interval, &send, &stopped));
    let mut history = History::default();
    view.take(Ok(first), &mut history, Instant::now());
    let mut terminal = ratatui::try_init().map_err(unusable)?;
    let end = watch(&mut terminal, &mut view, &pages, &mut history);
    ratatui::restore();
    end.map_err(unusable)
}

fn ask(source: &Source, interval: Duration, to: &SyncSender<Result<Page, Error>>, stopped: &Receiver<()>) {
    while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        if to.send(source.ask()).is_err() {
            return;
        }
    }
}

fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    view: &mut View,
    pages: &Receiver<Result<Page, Error>>,
    history: &mut History,
) -> std::io::Result<()> {
    while !interrupted() {
        terminal.draw(|frame| view.draw(frame, now().0 / 1000))?;
        if event::poll(TICK)?
            && let Event::Key(key) = event::read()?
            && view.key(key) == Next::Quit
        {
            break;
        }
        while let Ok(page) = pages.try_recv() {
            view.take(page, history, Instant::now());
        }
    }
    Ok(())
}

// === impl View ===

impl View {
    pub(super) fn new(of: SocketAddr, sort: Sort, stage: String) -> Self {
        Self { of, sort, stage, typing: None, paused: false, first: 0, seen: None, problem: None }
    }

    /// Takes what Envoy said at a moment. What it said before stays if it said nothing.
    pub(super) fn take(&mut self, page: Result<Page, Error>, history: &mut History, at: Instant) {
        match page {
            Ok(page) => {
                self.problem = None;
                let seen = history.take(at, page);
                if !self.paused {
                    self.seen = Some(seen);
                }
            }
            Err(error) => {
                let mut reason = String::new();
                // Writing to a string does not fail.
                let _ = error.reason(&mut reason);
                self.problem = Some(printable(&reason).into_owned());
            }
        }
    }

    /// Obeys a key.
    pub(super) fn key(&mut self, key: KeyEvent) -> Next {
        if key.kind == KeyEventKind::Release {
            return Next::Stay;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if key.code == KeyCode::Char('c') { Next::Quit } else { Next::Stay };
        }
        if self.typing.is_some() {
            self.type_key(key.code);
            return Next::Stay;
        }
        match key.code {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('p') => self.paused = !self.paused,
            KeyCode::Char('/') => self.typing = Some(std::mem::take(&mut self.stage)),
            KeyCode::Esc => self.stage.clear(),
            KeyCode::Up => self.first = self.first.saturating_sub(1),
            KeyCode::Down => self.first = self.first.saturating_add(1),
            KeyCode::PageUp => self.first = self.first.saturating_sub(PAGE),
            KeyCode::PageDown => self.first = self.first.saturating_add(PAGE),
            KeyCode::Home => self.first = 0,
            KeyCode::End => self.first = usize::MAX,
            _ => {}
        }
        Next::Stay
    }

    /// A key while a filter is typed: it filters at once.
    fn type_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = None,
            KeyCode::Esc => self.stage = self.typing.take().unwrap_or_default(),
            KeyCode::Backspace => drop(self.stage.pop()),
            KeyCode::Char(character) if self.stage.len() < MOST_FILTER && !character.is_control() => {
                self.stage.push(character);
                self.first = 0;
            }
            _ => {}
        }
    }

    fn report(&self) -> Option<Report> {
        self.seen.as_ref().map(|seen| Report::new(seen, self.sort, &self.stage))
    }
}

#[cfg(test)]
mod tests;
