//! The HTTP server in front of Saxml (image `sax-http`), which speaks one of two dialects.
//!
//! Neither has authentication, streaming, score, embed or statistics. Bodies stand on GET requests
//! too, and must come with a Content-Length: the older server can't read chunks and closes the
//! connection without an answer.

mod answer;
mod request;

pub use answer::{Greeting, Listed, NotJson, error_text, generated, models, published};
pub use request::{CellRequest, GenerateRequest, ModelRequest, PublishRequest};

/// How the HTTP server speaks, by the tag of the image that it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `sax-http:v1.0.0`: one request at a time, errors are 400 with `{"Error": TEXT}`, what it
    /// doesn't know is 400 with `{"message": "Invalid Request"}`.
    V1_0,
    /// `sax-http:v1.2.0`: many requests at a time, errors of Saxml are 500 with
    /// `{"detail": TEXT}`, a bad body 422 with a list of details, an unknown path 404.
    V1_2,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// Says that it is there. Answers nothing about Saxml.
    Root,
    /// A published model, by [`ModelRequest`]; answers [`Listed`].
    ListCell,
    /// The ids of all models of a cell, by [`CellRequest`]; [`Dialect::V1_2`] only.
    ListAll,
    /// By [`PublishRequest`].
    Publish,
    /// By [`PublishRequest`]; replaces path, checkpoint and replicas.
    Update,
    /// By [`ModelRequest`].
    Unpublish,
    /// By [`GenerateRequest`]. Has no deadline on the server's side: a model that isn't loaded
    /// keeps the request for ever.
    Generate,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Root,
        Self::ListCell,
        Self::ListAll,
        Self::Publish,
        Self::Update,
        Self::Unpublish,
        Self::Generate,
    ];

    /// The path, which must match exactly: no query, no slash at the end.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::ListCell => "/listcell",
            Self::ListAll => "/listall",
            Self::Publish => "/publish",
            Self::Update => "/update",
            Self::Unpublish => "/unpublish",
            Self::Generate => "/generate",
        }
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Root | Self::ListCell | Self::ListAll => "GET",
            Self::Publish | Self::Unpublish | Self::Generate => "POST",
            Self::Update => "PUT",
        }
    }

    /// Does a server of this dialect have it?
    #[must_use]
    pub fn is_in(self, dialect: Dialect) -> bool {
        self != Self::ListAll || dialect == Dialect::V1_2
    }
}

impl Dialect {
    /// Which dialect answered `GET /listall` with a [`CellRequest`], by its status: the older one
    /// knows no such path and says 400. `None` where neither would say so.
    #[must_use]
    pub fn of_list_all(status: u16) -> Option<Self> {
        match status {
            400 => Some(Self::V1_0),
            200 | 422 | 500 => Some(Self::V1_2),
            _ => None,
        }
    }

    /// Which dialect the image of this tag speaks, where that is known.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag {
            "v1.0.0" => Some(Self::V1_0),
            "v1.2.0" => Some(Self::V1_2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, Route};

    #[test]
    fn only_listing_a_whole_cell_is_missing_in_the_older_dialect() {
        let missing = |dialect| {
            let routes = Route::ALL.into_iter();
            routes
                .filter(|route| !route.is_in(dialect))
                .collect::<Vec<_>>()
        };
        assert_eq!(missing(Dialect::V1_0), [Route::ListAll]);
        assert_eq!(missing(Dialect::V1_2), []);
    }
}
