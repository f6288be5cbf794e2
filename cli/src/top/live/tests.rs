use super::{MOST_FILTER, Next, View};
use crate::Error;
use crate::top::history::History;
use crate::top::report::Sort;
use crate::top::scrape::read;
use crate::top::tests::{NOW, PAGE};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::path::PathBuf;
use std::time::{Duration, Instant};

struct World {
    view: View,
    history: History,
    start: Instant,
}

impl World {
    /// A view that has seen the page twice, the second time with more requests.
    fn new() -> Self {
        let view = View::new(([127, 0, 0, 1], 9901).into(), Sort::Requests, String::new());
        let mut world = Self { view, history: History::default(), start: Instant::now() };
        world.give(0, 40);
        world.give(10, 140);
        world
    }

    /// The page, at a second, with so many requests of a route.
    fn give(&mut self, second: u64, count: u64) {
        let line = |line: &str| match line.strip_suffix("} 40") {
            Some(rest) if rest.contains("/users/{id}") => format!("{rest}}} {count}\n"),
            Some(_) | None => format!("{line}\n"),
        };
        let text: String = std::str::from_utf8(PAGE).unwrap().lines().map(line).collect();
        let page = read(text.as_bytes()).unwrap();
        self.view.take(Ok(page), &mut self.history, self.start + Duration::from_secs(second));
    }

    fn press(&mut self, code: KeyCode) -> Next {
        self.view.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            assert_eq!(self.press(KeyCode::Char(character)), Next::Stay);
        }
    }

    /// What stands on a screen, row by row.
    fn screen(&mut self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| self.view.draw(frame, NOW)).unwrap();
        let buffer = terminal.backend().buffer();
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

#[test]
fn the_screen_is_as_written() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/top/screen.txt");
    let screen = World::new().screen(132, 30);
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(&path, &screen).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), screen, "`SEKISHO_BLESS=1` writes it");
    assert!(screen.contains("GET /users/{id}") && !screen.chars().any(|c| c.is_control() && c != '\n'));
    assert!(!screen.contains('\u{202e}'), "nothing turns a line round");
}

/// `docs/top.md` shows this screen.
#[test]
fn the_guide_shows_what_is_drawn() {
    let mut world = World::new();
    world.view.stage = "shop".to_owned();
    let screen = world.screen(118, 22);
    let guide = include_str!("../../../../docs/top.md");
    assert!(guide.contains(&screen), "not in docs/top.md:\n{screen}");
}

#[test]
fn every_size_of_a_terminal_can_be_drawn_on() {
    let mut world = World::new();
    for (width, height) in [(1, 1), (2, 3), (20, 5), (80, 24), (80, 19), (300, 100), (10, 60)] {
        world.screen(width, height);
    }
    assert!(world.screen(80, 24).contains("/users/{id}"));
}

#[test]
fn keys_do_what_the_last_line_says() {
    let mut world = World::new();
    assert!(world.screen(132, 30).contains("s sort (requests)"));
    assert_eq!(world.press(KeyCode::Char('s')), Next::Stay);
    assert!(world.screen(132, 30).contains("s sort (client-errors)"));
    assert_eq!(world.press(KeyCode::Char('x')), Next::Stay);
    assert_eq!(world.press(KeyCode::Char('q')), Next::Quit);
    let control = |code| KeyEvent::new(KeyCode::Char(code), KeyModifiers::CONTROL);
    assert_eq!(world.view.key(control('q')), Next::Stay);
    assert_eq!(world.view.key(control('c')), Next::Quit);
    let released = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::from(KeyCode::Char('q')) };
    assert_eq!(world.view.key(released), Next::Stay);
}

#[test]
fn stages_are_filtered_while_one_types() {
    let mut world = World::new();
    world.type_text("/shop-1");
    let screen = world.screen(132, 30);
    assert!(screen.contains("shop-1") && !screen.contains("/users/{id}"), "{screen}");
    assert!(screen.contains("stages with: shop-1"), "{screen}");
    // A `q` is a letter now.
    world.type_text("q");
    assert_eq!(world.press(KeyCode::Backspace), Next::Stay);
    assert_eq!(world.press(KeyCode::Enter), Next::Stay);
    assert!(world.screen(132, 30).contains("/ stage (shop-1)"));
    world.type_text("/nowhere");
    assert_eq!(world.press(KeyCode::Esc), Next::Stay);
    assert!(world.screen(132, 30).contains("/ stage (shop-1)"), "undone");
    assert_eq!(world.press(KeyCode::Esc), Next::Stay);
    assert!(world.screen(132, 30).contains("/users/{id}"));
    world.type_text(&format!("/{}", "x".repeat(10 * MOST_FILTER)));
    assert_eq!(world.view.stage.len(), MOST_FILTER);
}

#[test]
fn lines_move_and_no_further_than_they_are() {
    let mut world = World::new();
    let first = |world: &mut World| world.screen(132, 7).lines().nth(4).unwrap().to_owned();
    let top = first(&mut world);
    assert_eq!(world.press(KeyCode::Down), Next::Stay);
    let second = first(&mut world);
    assert_ne!(top, second);
    for code in [KeyCode::End, KeyCode::PageDown, KeyCode::Down] {
        assert_eq!(world.press(code), Next::Stay);
    }
    let last = first(&mut world);
    assert!(last != top && !last.is_empty());
    for code in [KeyCode::Home, KeyCode::Up, KeyCode::PageUp] {
        assert_eq!(world.press(code), Next::Stay);
    }
    assert_eq!(first(&mut world), top);
}

#[test]
fn an_envoy_that_does_not_answer_leaves_what_was_there() {
    let mut world = World::new();
    let at = world.start + Duration::from_secs(11);
    world.view.take(Err(Error::failed("no answer\u{1b}[2J")), &mut world.history, at);
    let screen = world.screen(132, 30);
    assert!(screen.contains("no answer\\u{1b}[2J  q quit") && screen.contains("/users/{id}"), "{screen}");
    world.give(12, 141);
    assert!(!world.screen(132, 30).contains("no answer"));
    // Another Envoy, which has not counted much yet.
    world.give(13, 1);
    let screen = world.screen(200, 30);
    assert!(screen.contains("Envoy began anew 1×, since Envoy started"), "{screen}");
}

#[test]
fn a_paused_view_stays_as_it_is() {
    let mut world = World::new();
    assert_eq!(world.press(KeyCode::Char('p')), Next::Stay);
    let paused = world.screen(132, 30);
    assert!(paused.contains("PAUSED"));
    world.give(12, 999);
    assert_eq!(world.screen(132, 30), paused);
    assert_eq!(world.press(KeyCode::Char('p')), Next::Stay);
    world.give(13, 1000);
    assert!(world.screen(132, 30).contains("1000"));
}
