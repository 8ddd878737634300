//! Inputs beside the text: sampling parameters that a model declares by name.

use std::collections::BTreeMap;

use clap::Args;
use saxml::sax::{ExtraInputs, Tensor};
use serde_json::{Map, Value};

use super::SaxError;
use crate::suggest;

/// What the HTTP servers of v1.2 know; they have no other names.
const KNOWN_BY_HTTP: [&str; 4] = [TEMPERATURE, STEPS, TOP_K, TOP_P];
const TEMPERATURE: &str = "temperature";
const STEPS: &str = "per_example_max_decode_steps";
const TOP_K: &str = "per_example_top_k";
const TOP_P: &str = "per_example_top_p";

/// The flags.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sampling")]
pub(crate) struct ExtraFlags {
    /// How freely to choose: 0 always takes the likeliest token
    #[arg(long, value_name = "NUMBER", value_parser = parse_positive)]
    pub(crate) temperature: Option<f32>,

    /// The most tokens to make
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_decode_steps: Option<u16>,

    /// Choose among so many of the likeliest tokens
    #[arg(long, value_name = "NUMBER")]
    pub(crate) top_k: Option<u16>,

    /// Choose among the likeliest tokens that have this probability together
    #[arg(long, value_name = "NUMBER", value_parser = parse_positive)]
    pub(crate) top_p: Option<f32>,

    /// Another input that the model declares: a number, a list of numbers or a text; repeat for
    /// several
    #[arg(long = "extra", value_name = "KEY=VALUE", value_parser = parse_extra)]
    pub(crate) extras: Vec<(String, Extra)>,
}

/// The value of one input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extra {
    /// A number.
    Number(f32),
    /// Several.
    Numbers(Vec<f32>),
    /// A text.
    Text(String),
}

/// All inputs beside the text, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Extras(BTreeMap<String, Extra>);

impl Extras {
    /// What the flags say; a name counts once, whichever flag it comes from.
    pub(crate) fn of(flags: &ExtraFlags) -> Result<Self, SaxError> {
        let named = [
            (TEMPERATURE, flags.temperature),
            (STEPS, flags.max_decode_steps.map(f32::from)),
            (TOP_K, flags.top_k.map(f32::from)),
            (TOP_P, flags.top_p),
        ];
        let named = named.into_iter().filter_map(|(key, number)| {
            let number = Extra::Number(number?);
            Some((key.to_owned(), number))
        });
        let mut all = BTreeMap::new();
        for (key, value) in named.chain(flags.extras.iter().cloned()) {
            if all.insert(key.clone(), value).is_some() {
                let message = "is given twice".to_owned();
                return Err(SaxError::Extra { key, message });
            }
        }
        Ok(Self(all))
    }

    /// Does the model declare all of them? Only where it is known what it declares.
    pub(crate) fn check(&self, declared: Option<&[String]>) -> Result<(), SaxError> {
        let Some(declared) = declared else {
            return Ok(());
        };
        let unknown = self.0.keys().find(|key| !declared.contains(key));
        let Some(key) = unknown else {
            return Ok(());
        };
        let near = suggest::nearest(key, declared.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean {near}?"));
        let known = match declared {
            [] => "none".to_owned(),
            declared => declared.join(", "),
        };
        Err(SaxError::Extra {
            key: key.clone(),
            message: format!(
                "the model declares no such input, only {known}{}",
                near.unwrap_or_default()
            ),
        })
    }

    /// Inputs that are larger than the settings that the model was published with, in words. What
    /// its class has where nothing overrides it nobody tells.
    pub(crate) fn over(&self, overrides: &BTreeMap<&str, &str>) -> Vec<String> {
        let limits = [(TOP_K, "TOP_K"), (STEPS, "MAX_DECODE_STEPS")];
        let over = limits.into_iter().filter_map(|(key, setting)| {
            let Extra::Number(number) = self.0.get(key)? else {
                return None;
            };
            let limit = largest(overrides.get(setting)?)?;
            (f64::from(*number) > limit).then(|| {
                format!(
                    "{key}={number} is over {setting}={limit}, with which the model was published: \
                     its servers may refuse it"
                )
            })
        });
        over.collect()
    }

    /// For gRPC; `None` where there are none, which leaves the model its defaults.
    pub(crate) fn message(&self) -> Option<ExtraInputs> {
        let mut message = ExtraInputs::default();
        for (key, value) in &self.0 {
            let key = key.clone();
            match value {
                Extra::Number(number) => drop(message.items.insert(key, *number)),
                Extra::Numbers(values) => {
                    let values = values.clone();
                    message.tensors.insert(key, Tensor { values });
                }
                Extra::Text(text) => drop(message.strings.insert(key, text.clone())),
            }
        }
        (!self.0.is_empty()).then_some(message)
    }

    /// For the HTTP servers of v1.2, which take four names and numbers only; `None` where there
    /// are none.
    pub(super) fn members(&self) -> Result<Option<Map<String, Value>>, SaxError> {
        let mut members = Map::new();
        for (key, value) in &self.0 {
            let Extra::Number(number) = value else {
                return Err(not_by_http(key, "the HTTP server takes only numbers"));
            };
            if !KNOWN_BY_HTTP.contains(&key.as_str()) {
                let known = KNOWN_BY_HTTP.join(", ");
                return Err(not_by_http(
                    key,
                    &format!("the HTTP server takes only {known}"),
                ));
            }
            members.insert(key.clone(), Value::from(f64::from(*number)));
        }
        Ok((!members.is_empty()).then_some(members))
    }

    /// For the HTTP server of v1.0.0, which takes none.
    pub(super) fn none(&self) -> Result<(), SaxError> {
        match self.0.keys().next() {
            Some(key) => Err(not_by_http(
                key,
                "the HTTP server of v1.0.0 takes no such inputs",
            )),
            None => Ok(()),
        }
    }
}

/// Reads `KEY=VALUE`.
///
/// # Errors
/// Says what it looks like.
pub(crate) fn parse_extra(text: &str) -> Result<(String, Extra), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("must be KEY=VALUE, such as per_example_top_k=40")?;
    Ok((key.to_owned(), parse_value(value)?))
}

fn parse_value(value: &str) -> Result<Extra, String> {
    if let Ok(number) = value.parse::<f32>() {
        return finite(number).map(Extra::Number);
    }
    if !value.starts_with('[') {
        let unquoted = serde_json::from_str::<String>(value);
        return Ok(Extra::Text(unquoted.unwrap_or_else(|_| value.to_owned())));
    }
    let numbers = serde_json::from_str::<Vec<f32>>(value);
    let numbers = numbers.map_err(|_| "must be a list of numbers, such as [1,2.5]".to_owned())?;
    let numbers: Result<_, _> = numbers.into_iter().map(finite).collect();
    numbers.map(Extra::Numbers)
}

/// A setting's number, or the largest of several.
fn largest(json: &str) -> Option<f64> {
    match serde_json::from_str(json).ok()? {
        Value::Number(number) => number.as_f64(),
        Value::Array(numbers) => numbers.iter().filter_map(Value::as_f64).reduce(f64::max),
        _ => None,
    }
}

fn finite(number: f32) -> Result<f32, String> {
    match number.is_finite() {
        true => Ok(number),
        false => Err("must be a number that Saxml can hold in 32 bits".to_owned()),
    }
}

fn parse_positive(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("must be a number, 0 or more".to_owned()),
    }
}

fn not_by_http(key: &str, why: &str) -> SaxError {
    SaxError::Extra {
        key: key.to_owned(),
        message: format!("{why}; gRPC takes all, so leave out --endpoint"),
    }
}

#[cfg(test)]
#[path = "extras_tests.rs"]
mod tests;
