//! The words of a template.

use crate::ast::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// `{{`
    Open,
    /// `}}`
    Close,
    Space,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Pipe,
    OpenParen,
    CloseParen,
    /// Any other printable character of ASCII.
    Sign,
    Dot,
    /// `.name`
    Field,
    /// `$name`
    Variable,
    Identifier,
    Bool,
    Nil,
    Number,
    Character,
    Quoted,
    Raw,
    Keyword(Keyword),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl Kind {
    /// Of a word of letters.
    pub(super) fn of_word(word: &str) -> Self {
        Self::Keyword(match word {
            "true" | "false" => return Self::Bool,
            "nil" => return Self::Nil,
            "block" => Keyword::Block,
            "break" => Keyword::Break,
            "continue" => Keyword::Continue,
            "define" => Keyword::Define,
            "else" => Keyword::Else,
            "end" => Keyword::End,
            "if" => Keyword::If,
            "range" => Keyword::Range,
            "template" => Keyword::Template,
            "with" => Keyword::With,
            _ => return Self::Identifier,
        })
    }

    /// Does it begin an operand?
    pub(super) fn is_term(self) -> bool {
        use Kind::{Bool, Character, Dot, Field, Identifier, Nil, Number, Quoted, Raw, Variable};
        let words = [
            Bool, Character, Dot, Field, Identifier, Nil, Number, Quoted, Raw, Variable,
        ];
        self == Self::OpenParen || words.contains(&self)
    }
}
