//! The flag `-o` of verbs that print what kubectl prints: a verb's own formats, and templates.

use std::ffi::OsStr;
use std::marker::PhantomData;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, ValueEnum};

use crate::template::Template;

/// How something is printed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output<F> {
    /// In a format of the verb's own.
    Named(F),
    /// By a template of the user's.
    Template(Template),
}

/// Reads the flag's value.
#[derive(Debug, Clone)]
pub(crate) struct OutputParser<F>(PhantomData<F>);

impl<F> OutputParser<F> {
    /// A parser of these formats, and of templates.
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F: ValueEnum + Clone + Send + Sync + 'static> TypedValueParser for OutputParser<F> {
    type Value = Output<F>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Output<F>, clap::Error> {
        match Template::parse(&value.to_string_lossy()) {
            Some(template) => template.map(Output::Template).map_err(|error| {
                let flag = arg.map_or_else(|| "--output".to_owned(), Arg::to_string);
                let text = format!("invalid value for '{flag}': {error}\n");
                clap::Error::raw(ErrorKind::ValueValidation, text).with_cmd(command)
            }),
            None => {
                let named = EnumValueParser::<F>::new();
                named.parse_ref(command, arg, value).map(Output::Named)
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let named = F::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value);
        let templates = [
            (
                "jsonpath=TEMPLATE",
                "Text with paths in braces, as kubectl has it; also jsonpath-file=FILE",
            ),
            (
                "custom-columns=SPEC",
                "A table of TITLE:PATH, ...; also custom-columns-file=FILE",
            ),
            (
                "go-template=TEMPLATE",
                "A template of Go's, as kubectl has it; also go-template-file=FILE",
            ),
        ];
        let templates = templates.map(|(name, help)| PossibleValue::new(name).help(help));
        Some(Box::new(named.chain(templates)))
    }
}
