//! Colours, which are left out where they are not wanted.

use anstyle::{AnsiColor, Style};

/// Whether text is coloured. Without colours it holds no escape sequence at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colors(pub bool);

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const UNDERLINE: Style = Style::new().underline();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const RED: Style = AnsiColor::Red.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const MAGENTA: Style = AnsiColor::Magenta.on_default();

impl Colors {
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Breaks text into lines of at most `width` letters. Lines that start with a space are kept as they are: they are
/// excerpts or lists.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + text.len() / width);
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            wrapped.push('\n');
        }
        if line.starts_with([' ', '\t']) {
            wrapped.push_str(line);
            continue;
        }
        let mut column = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > width {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += length;
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_colours_is_plain() {
        assert_eq!(Colors(false).paint(RED, "x"), "x");
        assert_eq!(Colors(true).paint(RED, "x"), "\u{1b}[31mx\u{1b}[0m");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(wrap("one two three", 7), "one two\nthree");
        assert_eq!(wrap("a\n\n  an indented line\nb", 4), "a\n\n  an indented line\nb");
        assert_eq!(wrap("unbreakable", 4), "unbreakable");
    }
}
