//! How the view looks. Whatever comes from Envoy is printable ASCII by now, and the widgets print no control characters.

use super::View;
use crate::top::report::{Line, Report};
use crate::top::text::{NOTHING, issuers, rows, title};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table, Wrap};

/// Rows of the tables below, with their frame.
const PANEL: u16 = 9;
/// Below that many columns the words of a line matter more than some of its numbers.
const NARROW: u16 = 110;
/// Which: P50, P90 and the total.
const SPARED: [usize; 3] = [6, 7, 10];
/// Below that many rows there is room for the lines alone.
const SMALL: u16 = 20;
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const RED: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const YELLOW: Style = Style::new().fg(Color::Yellow);

/// A table below the lines: its title, how wide its numbers are, and its rows.
struct Panel {
    title: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

// === impl View ===

impl View {
    /// Draws it. `now` is in seconds since 1970.
    pub(in crate::top) fn draw(&mut self, frame: &mut Frame<'_>, now: u64) {
        let Some(report) = self.report() else { return };
        let panels = if frame.area().height < SMALL { Vec::new() } else { panels(&report, now) };
        let below = if panels.is_empty() { 0 } else { PANEL };
        let areas = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(1),
            Constraint::Min(3),
            Constraint::Length(below),
            Constraint::Length(1),
        ]);
        let [top, summary, lines, below, bottom] = areas.areas(frame.area());
        let about = Paragraph::new(title(&report, self.of, now)).wrap(Wrap { trim: true });
        frame.render_widget(about.style(BOLD), top);
        frame.render_widget(Paragraph::new(sums(&report)), summary);
        self.draw_lines(frame, lines, &report);
        draw_panels(frame, below, &panels);
        frame.render_widget(self.footer(), bottom);
    }

    fn draw_lines(&mut self, frame: &mut Frame<'_>, area: Rect, report: &Report) {
        let room = usize::from(area.height.saturating_sub(1));
        self.first = self.first.min(report.lines.len().saturating_sub(room));
        let shown: Vec<_> = report.lines.iter().skip(self.first).take(room).collect();
        let width = |of: fn(&Line) -> &str, title: &str| {
            let longest = report.lines.iter().map(|line| of(line).len()).max().unwrap_or(0);
            u16::try_from(longest.max(title.len()).min(24)).unwrap_or(24)
        };
        let widths = [
            Constraint::Length(width(|line| &line.api, "API")),
            Constraint::Length(width(|line| &line.stage, "STAGE")),
            Constraint::Min(8),
            Constraint::Length(8),
            Constraint::Length(5),
            Constraint::Length(5),
            Constraint::Length(8),
            Constraint::Length(8),
            Constraint::Length(8),
            Constraint::Length(7),
            Constraint::Length(8),
        ];
        let fits = |at: usize| area.width >= NARROW || !SPARED.contains(&at);
        let widths = widths.into_iter().enumerate().filter(|(at, _)| fits(*at)).map(|(_, width)| width);
        let heads =
            ["API", "STAGE", "ROUTE", "PER S", "4XX%", "5XX%", "P50", "P90", "P99", "UNASKED", "TOTAL"];
        let head = heads.iter().enumerate().filter(|(at, _)| fits(*at));
        let head = head.map(|(at, title)| cell(at, 3, (*title).to_owned(), BOLD));
        let table = Table::new(shown.into_iter().map(|line| row(line, fits)), widths)
            .header(Row::new(head))
            .column_spacing(1);
        frame.render_widget(table, area);
    }

    /// What is wrong, or what is typed, or the keys.
    fn footer(&self) -> Paragraph<'_> {
        let paused = if self.paused { "PAUSED  " } else { "" };
        let filter = if self.stage.is_empty() { String::new() } else { format!(" ({})", self.stage) };
        if self.typing.is_some() {
            return Paragraph::new(format!("stages with: {}▏  enter keeps it, esc undoes", self.stage));
        }
        match &self.problem {
            Some(problem) => Paragraph::new(format!("{paused}{problem}  q quit")).style(RED),
            None => Paragraph::new(format!(
                "{paused}q quit  s sort ({})  / stage{filter}  p pause  ↑↓ PgUp PgDn Home End",
                self.sort.name()
            ))
            .style(DIM),
        }
    }
}

/// All lines together, and what was refused.
fn sums(report: &Report) -> String {
    let all = &report.all;
    let known = |known: Option<String>| known.unwrap_or_else(|| NOTHING.to_owned());
    let share = |of| known(all.share(of).map(|share| format!("{share:.1} %")));
    let [p50, p90, p99] = [all.p50, all.p90, all.p99].map(|it| known(it.map(|it| it.to_string())));
    format!(
        "{}/s  4xx {}  5xx {}  p50 {p50}  p90 {p90}  p99 {p99}  refused {}  throttled {}  blocked {}",
        known(all.rate.map(|rate| format!("{rate:.1}"))),
        share(all.client_errors),
        share(all.server_errors),
        report.refusals(),
        report.throttled(),
        report.blocked(),
    )
}

fn row(line: &Line, fits: impl Fn(usize) -> bool) -> Row<'static> {
    let known = |known: Option<String>| known.unwrap_or_else(|| NOTHING.to_owned());
    let share = |of| known(line.share(of).map(|share| format!("{share:.1}")));
    let quiet = if line.requests == 0 { DIM } else { Style::new() };
    let if_any = |count: u64, style: Style| if count > 0 { style } else { quiet };
    let cells = [
        (line.api.clone(), quiet),
        (line.stage.clone(), quiet),
        (line.route.clone(), quiet),
        (known(line.rate.map(|rate| format!("{rate:.1}"))), quiet),
        (share(line.client_errors), if_any(line.client_errors, YELLOW)),
        (share(line.server_errors), if_any(line.server_errors, RED)),
        (known(line.p50.map(|it| it.to_string())), quiet),
        (known(line.p90.map(|it| it.to_string())), quiet),
        (known(line.p99.map(|it| it.to_string())), quiet),
        (line.unasked.to_string(), quiet),
        (line.total.to_string(), quiet),
    ];
    let cells = cells.into_iter().enumerate().filter(|(at, _)| fits(*at));
    Row::new(cells.map(|(at, (text, style))| cell(at, 3, text, style)))
}

/// Words to the left, numbers to the right.
fn cell(at: usize, words: usize, text: String, style: Style) -> Cell<'static> {
    let span = Span::styled(text, style);
    Cell::from(if at < words { span.into_left_aligned_line() } else { span.into_right_aligned_line() })
}

/// Tables that have a row.
fn panels(report: &Report, now: u64) -> Vec<Panel> {
    let pairs = |of: &[(String, u64)]| -> Vec<Vec<String>> {
        of.iter().map(|(name, count)| vec![name.clone(), count.to_string()]).collect()
    };
    // Names of several parts are one column here.
    let joined = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        let row = |row: Vec<String>| {
            let (names, numbers) = row.split_at_checked(3).unwrap_or((&row, &[]));
            let names: Vec<_> = names.iter().filter(|name| !name.is_empty()).map(String::as_str).collect();
            std::iter::once(names.join("/")).chain(numbers.iter().cloned()).collect()
        };
        rows.into_iter().map(row).collect()
    };
    let panels = [
        ("Refused", vec!["REASON", "REQ"], pairs(&report.refused)),
        ("Limits", vec!["LIMIT", "REQ"], pairs(&report.limits)),
        ("Web ACLs", vec!["RULE", "ALLOW", "BLOCK", "COUNT", "PASS"], joined(rows(&report.rules))),
        ("Canaries", vec!["SIDE", "REQ", "4XX", "5XX"], joined(rows(&report.sides))),
        ("Issuers", vec!["KEYS OF", "KEYS", "LEARNED", "FAIL"], issuers(report, now)),
    ];
    let panel = |(title, head, rows): (&str, _, Vec<_>)| Panel {
        title: format!("{title} ({})", rows.len()),
        head,
        rows,
    };
    panels.into_iter().filter(|(_, _, rows)| !rows.is_empty()).map(panel).collect()
}

fn draw_panels(frame: &mut Frame<'_>, area: Rect, panels: &[Panel]) {
    let areas = Layout::horizontal(panels.iter().map(|_| Constraint::Fill(1))).split(area);
    for (panel, area) in panels.iter().zip(areas.iter()) {
        let numbers = |at: usize| {
            let longest = panel.rows.iter().filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0);
            let title = panel.head.get(at).map_or(0, |title| title.len());
            Constraint::Length(u16::try_from(longest.max(title)).unwrap_or(u16::MAX))
        };
        let widths = std::iter::once(Constraint::Min(6)).chain((1..panel.head.len()).map(numbers));
        let row = |row: &Vec<String>, style: Style| {
            let cells = row.iter().enumerate().map(|(at, text)| cell(at, 1, text.clone(), style));
            Row::new(cells.collect::<Vec<_>>())
        };
        let head: Vec<_> = panel.head.iter().map(|&title| title.to_owned()).collect();
        let table = Table::new(panel.rows.iter().map(|it| row(it, Style::new())), widths)
            .header(row(&head, DIM))
            .column_spacing(1)
            .block(Block::bordered().title(panel.title.as_str()).border_style(DIM));
        frame.render_widget(table, *area);
    }
}
