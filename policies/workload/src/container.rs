//! One container of a Pod template.

use sdk::Node;

use tpu::keys::CHIP_RESOURCE as TPU_RESOURCE;

use crate::quantity::Quantity;

/// One container of a Pod template.
#[derive(Debug, Clone)]
pub struct Container<'a> {
    /// The container.
    pub node: Node<'a>,
    /// Whether it is an init container.
    pub init: bool,
}

/// An environment variable of a container.
#[derive(Debug, Clone)]
pub struct Env<'a> {
    /// The list element.
    pub node: Node<'a>,
    /// Its value.
    pub value: EnvValue<'a>,
}

/// What an environment variable is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvValue<'a> {
    /// A literal; the empty string where `value` is absent.
    Literal(&'a str),
    /// Set by `valueFrom`, known only when the Pod starts.
    Reference,
}

impl<'a> Container<'a> {
    /// The container's name; empty where it is missing.
    pub fn name(&self) -> &'a str {
        self.node.at("name").text().unwrap_or_default()
    }

    /// The image; empty where it is missing.
    pub fn image(&self) -> &'a str {
        self.node.at("image").text().unwrap_or_default()
    }

    /// The limit of `google.com/tpu`.
    pub fn tpu_limit(&self) -> Node<'a> {
        self.node.at("resources").at("limits").at(TPU_RESOURCE)
    }

    /// The request of `google.com/tpu`.
    pub fn tpu_request(&self) -> Node<'a> {
        self.node.at("resources").at("requests").at(TPU_RESOURCE)
    }

    /// The chips that the container asks for: the limit, else the request.
    pub fn tpu_quantity(&self) -> Option<Quantity> {
        Quantity::read(&self.tpu_limit()).or_else(|| Quantity::read(&self.tpu_request()))
    }

    /// The chips that the container asks for, where that is a whole number over 0.
    pub fn chips(&self) -> Option<u64> {
        self.tpu_quantity()
            .and_then(Quantity::whole)
            .filter(|chips| *chips > 0)
    }

    /// Whether the container asks for TPUs; an explicit 0 does not.
    pub fn uses_tpus(&self) -> bool {
        self.tpu_quantity()
            .is_some_and(|quantity| quantity != Quantity::Whole(0))
    }

    /// The variable `name`; where it stands twice the last one counts, as for the kubelet.
    pub fn env(&self, name: &str) -> Option<Env<'a>> {
        let variable = self.node.at("env").last_element("name", name);
        variable.map(Env::of)
    }

    /// Command and arguments, in order, as far as they are strings.
    pub fn words(&self) -> impl Iterator<Item = (Node<'a>, &'a str)> + use<'a> {
        let read = |list: &str| self.node.at(list).elements();
        let nodes = read("command").into_iter().chain(read("args"));
        nodes.filter_map(|node| node.text().map(|text| (node, text)))
    }

    /// The value of `--flag=value`, `-flag=value` or `--flag value`, with the place where it
    /// stands; the last one counts, as for absl.
    pub fn flag(&self, flag: &str) -> Option<(Node<'a>, &'a str)> {
        let words: Vec<_> = self.words().collect();
        (0..words.len()).rev().find_map(|at| {
            let (node, word) = &words[at];
            let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
            match name.split_once('=') {
                Some((name, value)) => (name == flag).then(|| (node.clone(), value)),
                None if name == flag => words.get(at + 1).cloned(),
                None => None,
            }
        })
    }

    /// The ports that are declared: each list element.
    pub fn ports(&self) -> Vec<Node<'a>> {
        self.node.at("ports").elements()
    }
}

impl<'a> Env<'a> {
    fn of(node: Node<'a>) -> Self {
        let value = if node.at("valueFrom").is_present() {
            EnvValue::Reference
        } else {
            EnvValue::Literal(node.at("value").text().unwrap_or_default())
        };
        Self { node, value }
    }

    /// Whether the variable has a value other than the empty string.
    pub fn is_filled(&self) -> bool {
        self.value != EnvValue::Literal("")
    }
}
