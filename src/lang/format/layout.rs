//! Where the tokens of a file stand: indentation, spaces between tokens, columns.
//!
//! A file is taken line by line, and a line in three cells: what leads it, `=` with a value that ends in the line, and
//! a comment behind all. The second and third cells of neighbouring lines stand in columns.

use crate::lang::scan::{Token, TokenKind, scan};
use crate::lang::text::graphemes;

/// Spaces for each level of indentation.
const INDENT: usize = 2;

/// A token and the spaces before it.
struct Placed<'t> {
    kind: TokenKind,
    text: &'t str,
    spaces: usize,
}

#[derive(Default)]
struct Line<'t> {
    lead: Vec<Placed<'t>>,
    assign: Vec<Placed<'t>>,
    comment: Option<Placed<'t>>,
}

pub fn lay_out(text: &str) -> String {
    let mut lines = lines(text);
    indent(&mut lines);
    for line in &mut lines {
        space(&mut line.lead);
        space(&mut line.assign);
    }
    align(&mut lines, Cell::Assign);
    align(&mut lines, Cell::Comment);
    let mut result = String::with_capacity(text.len());
    for token in lines.iter().flat_map(|line| line.lead.iter().chain(&line.assign).chain(&line.comment)) {
        result.extend(std::iter::repeat_n(' ', token.spaces));
        result.push_str(token.text);
    }
    if !result.ends_with('\n') {
        result.push('\n');
    }
    result
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = vec![Line::default()];
    for token in scan(text) {
        if token.kind == TokenKind::End {
            break;
        }
        let placed = place(&token, text);
        let ends = ends_line(&placed);
        if let Some(line) = lines.last_mut() {
            line.lead.push(placed);
        }
        if ends {
            lines.push(Line::default());
        }
    }
    let mut in_heredoc = false;
    for line in &mut lines {
        let ends_heredoc = line.lead.iter().any(|token| token.kind == TokenKind::CloseHeredoc);
        let begins_heredoc = line.lead.iter().any(|token| token.kind == TokenKind::OpenHeredoc);
        // A template within a heredoc may look like an argument, and is none.
        if in_heredoc {
            in_heredoc = !ends_heredoc;
            continue;
        }
        in_heredoc = begins_heredoc && !ends_heredoc;
        line.split();
    }
    lines
}

fn place<'t>(token: &Token, text: &'t str) -> Placed<'t> {
    Placed { kind: token.kind, text: token.text(text), spaces: 0 }
}

/// Comments to the end of the line have the line's end in them.
fn ends_line(token: &Placed<'_>) -> bool {
    match token.kind {
        TokenKind::Newline => true,
        TokenKind::Comment => token.text.ends_with('\n'),
        _ => false,
    }
}

impl Line<'_> {
    /// Takes the second and third cell off the first.
    fn split(&mut self) {
        if self.lead.len() > 1 && self.lead.last().is_some_and(|token| token.kind == TokenKind::Comment) {
            self.comment = self.lead.pop();
        }
        let equal = self.lead.iter().skip(1).position(|token| token.kind == TokenKind::Equal);
        if let Some(at) = equal.map(|at| at + 1)
            && net_brackets(&self.lead[at..]) == 0
        {
            self.assign = self.lead.split_off(at);
        }
    }
}

/// How many more brackets a token opens than it closes.
fn bracket(kind: TokenKind) -> isize {
    match kind {
        TokenKind::OpenBrace
        | TokenKind::OpenBracket
        | TokenKind::OpenParen
        | TokenKind::Interpolation
        | TokenKind::Control => 1,
        TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::CloseParen | TokenKind::SequenceEnd => {
            -1
        }
        _ => 0,
    }
}

fn net_brackets(tokens: &[Placed<'_>]) -> isize {
    tokens.iter().map(|token| bracket(token.kind)).sum()
}

/// Each line that opens more brackets than it closes opens a level, however many they are; the level ends with as many
/// closed.
fn indent(lines: &mut [Line<'_>]) {
    let mut levels: Vec<isize> = Vec::new();
    let mut in_heredoc = false;
    for line in lines {
        let has = |kind| line.lead.iter().chain(&line.assign).any(|token| token.kind == kind);
        let (begins_heredoc, ends_heredoc) = (has(TokenKind::OpenHeredoc), has(TokenKind::CloseHeredoc));
        let net = net_brackets(&line.lead) + net_brackets(&line.assign);
        let was_in_heredoc = in_heredoc;
        in_heredoc = if in_heredoc { !ends_heredoc } else { begins_heredoc && !ends_heredoc };
        let Some(first) = line.lead.first_mut().filter(|token| token.kind != TokenKind::Newline) else {
            continue;
        };
        let mut closed = (-net).max(0);
        while closed > 0
            && let Some(level) = levels.last_mut()
        {
            if closed < *level {
                *level -= closed;
                break;
            }
            closed -= *level;
            levels.pop();
        }
        if !was_in_heredoc {
            first.spaces = INDENT * levels.len();
        }
        if net > 0 {
            levels.push(net);
        }
    }
}

/// Puts spaces between the tokens of a cell. The first keeps what it has.
fn space(tokens: &mut [Placed<'_>]) {
    for at in 1..tokens.len() {
        let before = at.checked_sub(2).map(|at| tokens[at].kind);
        tokens[at].spaces = usize::from(is_apart(before, &tokens[at - 1], &tokens[at]));
    }
}

/// Whether a space belongs between two tokens; `before` is the one before both.
fn is_apart(before: Option<TokenKind>, left: &Placed<'_>, right: &Placed<'_>) -> bool {
    use TokenKind as T;
    let is_text = |kind| matches!(kind, T::QuotedText | T::Text);
    match (left.kind, right.kind) {
        (_, T::Newline) => false,
        (T::Identifier, T::OpenParen) => false,
        // Inside a string it would be part of the text.
        (T::SequenceEnd, _) => false,
        (T::DoubleColon, _) | (_, T::DoubleColon) => false,
        (T::Dot, _) | (_, T::Dot) => false,
        (_, T::Comma | T::Ellipsis) => false,
        (T::Comma, _) => true,
        (T::OpenQuote | T::OpenHeredoc, _) | (_, T::CloseQuote | T::CloseHeredoc) => false,
        (left, right) if is_text(left) || is_text(right) => false,
        // `for` and `in` are words and not what is indexed.
        (T::Identifier, T::OpenBracket) if matches!(left.text, "in") => true,
        (T::Identifier | T::Number | T::CloseQuote, T::OpenBracket) => false,
        (left, T::OpenBracket) if bracket(left) < 0 => false,
        (T::Not, _) => false,
        // A sign, if there is nothing to subtract from.
        (T::Minus, _) => before.is_some_and(|before| !wants_operand(before)),
        (T::OpenBrace, T::CloseBrace) => false,
        (T::OpenBrace, _) | (_, T::CloseBrace) => true,
        (left, _) if bracket(left) > 0 => false,
        (_, right) if bracket(right) < 0 => false,
        _ => true,
    }
}

/// Whether an expression begins behind the token.
fn wants_operand(kind: TokenKind) -> bool {
    use TokenKind as T;
    bracket(kind) > 0
        || matches!(
            kind,
            T::Equal
                | T::EqualEqual
                | T::NotEqual
                | T::Greater
                | T::GreaterEqual
                | T::Less
                | T::LessEqual
                | T::Plus
                | T::Minus
                | T::Star
                | T::Slash
                | T::Percent
                | T::And
                | T::Or
                | T::Not
                | T::Question
                | T::Colon
                | T::Comma
                | T::FatArrow
                | T::Newline
        )
}

/// How wide tokens are, in what people take for letters.
fn columns(tokens: &[Placed<'_>]) -> usize {
    tokens.iter().map(|token| token.spaces + graphemes(token.text).count()).sum()
}

/// A cell that stands in columns.
#[derive(Clone, Copy)]
enum Cell {
    Assign,
    Comment,
}

impl<'t> Line<'t> {
    fn has(&self, cell: Cell) -> bool {
        match cell {
            Cell::Assign => !self.assign.is_empty(),
            Cell::Comment => self.comment.is_some(),
        }
    }

    fn first_of(&mut self, cell: Cell) -> Option<&mut Placed<'t>> {
        match cell {
            Cell::Assign => self.assign.first_mut(),
            Cell::Comment => self.comment.as_mut(),
        }
    }

    /// How wide the line is before a cell.
    fn width_before(&self, cell: Cell) -> usize {
        match cell {
            Cell::Assign => columns(&self.lead),
            Cell::Comment => columns(&self.lead) + columns(&self.assign),
        }
    }
}

/// Puts a cell of each of the neighbouring lines that have it into one column.
fn align(lines: &mut [Line<'_>], cell: Cell) {
    for group in lines.chunk_by_mut(|left, right| left.has(cell) && right.has(cell)) {
        let widest = group.iter().map(|line| line.width_before(cell)).max().unwrap_or_default();
        for line in group {
            let spaces = widest - line.width_before(cell) + 1;
            if let Some(token) = line.first_of(cell) {
                token.spaces = spaces;
            }
        }
    }
}
