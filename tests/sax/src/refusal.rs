//! Errors of the admin server: their texts, and the two ways in which their codes are sent.

use saxml::go_name;
use tonic::{Code, Status};
use tpu::sax::{CellName, ModelId, NameError, checkpoint_path_valid, model_path_valid};

use crate::script::{Codes, Version};

const MODEL_PATH: &str = "^[a-zA-Z]+[a-zA-Z0-9_.-]*$";
const NAME: &str = "^[a-z]+[a-z0-9-_]*$";

/// The code that is meant, and the text before its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, text)
    }

    /// `text` before what it says.
    pub(crate) fn because(self, text: &str) -> Self {
        Self::new(self.code, format!("{text}: {}", self.text))
    }

    /// As it is sent.
    pub(crate) fn status(self, codes: Codes) -> Status {
        let name = go_name(self.code);
        let text = format!("{}: rpc error: code = {name} desc = {name}", self.text);
        let code = match codes {
            Codes::Wrapped => Code::Unknown,
            Codes::True => self.code,
        };
        Status::new(code, text)
    }
}

/// A model as Saxml prints it: a Go struct.
pub(crate) fn printed(id: &ModelId) -> String {
    format!("{{{} {}}}", id.cell().name(), id.model())
}

/// A model's id within the cell.
///
/// # Errors
/// When it is none.
pub(crate) fn model_id(text: &str, cell: &CellName) -> Result<ModelId, Refusal> {
    let id = named(text)?;
    if id.cell() == cell {
        return Ok(id);
    }
    let cell = cell.name();
    Err(Refusal::invalid(format!(
        "model {text} must be within SAX cell \"/sax/{cell}\""
    )))
}

/// The last part is looked at first.
fn named(text: &str) -> Result<ModelId, Refusal> {
    let Some((cell, model)) = text.rsplit_once('/') else {
        return Err(Refusal::invalid(format!(
            "model full name {text:?} should have the form /sax/<cell name>/<model name>"
        )));
    };
    if !tpu::sax::cell_name_valid(model) {
        return Err(Refusal::invalid(format!(
            "model name {model:?} must match {NAME:?}"
        )));
    }
    let bad_cell = |error| match error {
        NameError::CellName { .. } => {
            let name = cell.rsplit('/').next().unwrap_or_default();
            Refusal::invalid(format!("cell name {name:?} must match {NAME:?}"))
        }
        _ => Refusal::invalid(format!(
            "cell full name {cell:?} should have the form /sax/<cell name>"
        )),
    };
    CellName::parse(cell).map_err(bad_cell)?;
    ModelId::parse(text).map_err(bad_cell)
}

/// A model to publish, or to replace one by.
///
/// # Errors
/// When the admin server takes none such.
pub(crate) fn check_model(
    model: &saxml::sax::Model,
    cell: &CellName,
    version: Version,
) -> Result<ModelId, Refusal> {
    let id = model_id(&model.model_id, cell)?;
    let path = &model.model_path;
    if !model_path_valid(path) {
        return Err(Refusal::invalid(format!(
            "model path {path:?} must match {MODEL_PATH:?}"
        )));
    }
    let checkpoint = &model.checkpoint_path;
    if !checkpoint_path_valid(checkpoint, version.image()) {
        let plus = if version == Version::V1_1_0 { "" } else { "+" };
        let pattern = format!("^[a-zA-Z0-9/_.\\-%:=|{plus}]+$");
        return Err(Refusal::invalid(format!(
            "checkpoint path {checkpoint:?} must match {pattern:?}"
        )));
    }
    let replicas = model.requested_num_replicas;
    if replicas < 0 {
        return Err(Refusal::invalid(format!(
            "number of replicas {replicas} must be non-negative"
        )));
    }
    check_acls(model)?;
    Ok(id)
}

/// The open-source platform has no access control, and refuses all that asks for it.
fn check_acls(model: &saxml::sax::Model) -> Result<(), Refusal> {
    let lists = model.acls.iter().flat_map(|acls| &acls.items);
    for (method, _) in lists.clone() {
        if !METHODS.contains(&method.as_str()) {
            let known = METHODS.map(|method| format!("{method}:{{}}")).join(" ");
            return Err(Refusal::invalid(format!(
                "{method} is not a valid method name (map[{known}])"
            )));
        }
    }
    let lists = lists.map(|(_, list)| list);
    for list in std::iter::once(&model.admin_acl).chain(lists) {
        if list.starts_with("acl/") {
            let text = "ACL check is not supported";
            return Err(Refusal::new(Code::Unimplemented, text));
        }
        if !list.is_empty() {
            return Err(Refusal::invalid(format!(
                "{list} is not a valid ACL name (must start with one of [acl/])"
            )));
        }
    }
    Ok(())
}

/// The data methods of language models.
const METHODS: [&str; 4] = ["lm.embed", "lm.generate", "lm.gradient", "lm.score"];
