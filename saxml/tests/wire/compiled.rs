//! The compiled descriptors, as rows like those of the tables.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, ServiceDescriptorProto,
};

pub(crate) fn rows() -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for file in files() {
        let package = file.package();
        for (name, message) in messages(&file) {
            rows.extend(message_rows(package, &name, &message));
        }
        for (name, values) in enums(&file) {
            rows.extend(enum_rows(package, &name, &values));
        }
        for service in &file.service {
            rows.extend(rpc_rows(package, service));
        }
    }
    rows
}

pub(crate) fn reserved_of_enum(name: &str) -> Vec<(i32, i32)> {
    let all = files().into_iter().flat_map(|file| enums(&file));
    let found = all.into_iter().find(|(known, _)| known == name);
    let (_, found) = found.expect("the enum is compiled");
    let ranges = found.reserved_range.iter();
    ranges.map(|range| (range.start(), range.end())).collect()
}

pub(crate) fn reserved_of_message(name: &str) -> Vec<(i32, i32)> {
    let all = files().into_iter().flat_map(|file| messages(&file));
    let found = all.into_iter().find(|(known, _)| known == name);
    let (_, found) = found.expect("the message is compiled");
    let ranges = found.reserved_range.iter();
    ranges.map(|range| (range.start(), range.end())).collect()
}

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(saxml::DESCRIPTORS).expect("descriptors must decode");
    set.file
}

/// All messages, nested ones by dotted names, without the entries that maps are made of.
fn messages(file: &FileDescriptorProto) -> Vec<(String, DescriptorProto)> {
    let mut found = Vec::new();
    let mut open: Vec<(String, DescriptorProto)> = file
        .message_type
        .iter()
        .map(|message| (message.name().to_owned(), message.clone()))
        .collect();
    while let Some((name, message)) = open.pop() {
        let nested = message
            .nested_type
            .iter()
            .filter(|nested| !is_map_entry(nested));
        open.extend(nested.map(|nested| (format!("{name}.{}", nested.name()), nested.clone())));
        found.push((name, message));
    }
    found
}

fn enums(file: &FileDescriptorProto) -> Vec<(String, EnumDescriptorProto)> {
    let outer = file.enum_type.iter();
    let outer = outer.map(|values| (values.name().to_owned(), values.clone()));
    let nested = messages(file).into_iter().flat_map(|(name, message)| {
        let values = message.enum_type.into_iter();
        values.map(move |values| (format!("{name}.{}", values.name()), values))
    });
    outer.chain(nested).collect()
}

fn message_rows(package: &str, name: &str, message: &DescriptorProto) -> Vec<String> {
    if message.field.is_empty() && message.nested_type.is_empty() {
        return vec![format!("{package} {name} is there")];
    }
    let row = |field: &FieldDescriptorProto| {
        let (number, kind) = (field.number(), type_of(package, message, field));
        let label = label_of(message, field);
        format!(
            "{package} {name}.{} = {number}: {kind}{label}",
            field.name()
        )
    };
    message.field.iter().map(row).collect()
}

fn enum_rows(package: &str, name: &str, values: &EnumDescriptorProto) -> Vec<String> {
    let row = |value: &prost_types::EnumValueDescriptorProto| {
        format!("{package} enum {name}.{}={}", value.name(), value.number())
    };
    values.value.iter().map(row).collect()
}

fn rpc_rows(package: &str, service: &ServiceDescriptorProto) -> Vec<String> {
    let row = |rpc: &prost_types::MethodDescriptorProto| {
        let stream = if rpc.server_streaming() {
            "stream "
        } else {
            ""
        };
        assert!(!rpc.client_streaming(), "{} takes a stream", rpc.name());
        let (request, response) = (
            relative(package, rpc.input_type()),
            relative(package, rpc.output_type()),
        );
        let path = format!("/{package}.{}/{}", service.name(), rpc.name());
        format!("rpc {path} {request} -> {stream}{response}")
    };
    service.method.iter().map(row).collect()
}

fn type_of(package: &str, message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    if let Some(entry) = map_entry(message, field) {
        let types: Vec<String> = entry
            .field
            .iter()
            .map(|part| type_of(package, entry, part))
            .collect();
        return format!("map<{}>", types.join(", "));
    }
    match field.r#type() {
        Type::Message | Type::Enum => relative(package, field.type_name()),
        plain => plain.as_str_name()["TYPE_".len()..].to_lowercase(),
    }
}

fn label_of(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let is_oneof = field.oneof_index.is_some() && !field.proto3_optional();
    let options = field.options.as_ref();
    if is_oneof {
        let index = usize::try_from(field.oneof_index()).expect("an index");
        format!(" oneof {}", message.oneof_decl[index].name())
    } else if field.proto3_optional() {
        " optional".to_owned()
    } else if options.is_some_and(prost_types::FieldOptions::deprecated) {
        " deprecated".to_owned()
    } else if field.label() == Label::Repeated && map_entry(message, field).is_none() {
        " repeated".to_owned()
    } else {
        String::new()
    }
}

fn map_entry<'a>(
    message: &'a DescriptorProto,
    field: &FieldDescriptorProto,
) -> Option<&'a DescriptorProto> {
    let last = field.type_name().rsplit('.').next()?;
    let mut nested = message.nested_type.iter();
    nested.find(|nested| is_map_entry(nested) && nested.name() == last)
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    let options = message.options.as_ref();
    options.is_some_and(prost_types::MessageOptions::map_entry)
}

/// A type's name as the tables write it: without its own package.
fn relative(package: &str, name: &str) -> String {
    let name = name.trim_start_matches('.');
    let own = name.strip_prefix(&format!("{package}."));
    own.unwrap_or(name).to_owned()
}
