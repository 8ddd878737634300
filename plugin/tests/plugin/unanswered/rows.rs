//! Every verb that asks somebody, with words that bring it to asking.

/// A verb, and how it ends where nobody answers.
pub(super) struct Row {
    /// Its words, which stand before the flags that lead to the server.
    pub(super) verb: &'static str,
    /// What follows them.
    pub(super) rest: &'static [&'static str],
    /// The exit status where the API server doesn't answer.
    pub(super) status: i32,
}

impl Row {
    /// The exit statuses that are fine; `late` where no answer comes in time.
    pub(super) fn statuses(&self, late: bool) -> &[i32] {
        match self.verb {
            "doctor" | "version" => std::slice::from_ref(&self.status),
            _ if late => &[124],
            _ => std::slice::from_ref(&self.status),
        }
    }
}

const fn row(verb: &'static str, rest: &'static [&'static str]) -> Row {
    Row {
        verb,
        rest,
        status: 1,
    }
}

const fn ends(row: Row, status: i32) -> Row {
    Row { status, ..row }
}

const WANTED: [&str; 5] = ["sax", "--slice", "v5e:4x8", "--bucket", "my-models"];

/// All that ask the API server.
pub(super) const OF_CLUSTER: &[Row] = &[
    row("plan", &["--slice", "v5e:4x8", "--on-cluster"]),
    row("deploy", &WANTED),
    row(
        "deploy",
        &[
            "sax",
            "--slice",
            "v5e:4x8",
            "--bucket",
            "my-models",
            "--dry-run=server",
        ],
    ),
    row(
        "deploy",
        &[
            "sax",
            "--slice",
            "v5e:4x8",
            "--bucket",
            "my-models",
            "--replace",
            "-y",
        ],
    ),
    // 1 would say that something differs.
    ends(row("diff", &WANTED), 2),
    row("scale", &["sax", "--replicas", "3", "-y"]),
    row("delete", &["sax", "-y"]),
    // A cluster that doesn't answer is what doctor finds.
    ends(row("doctor", &["sax"]), 2),
    ends(row("doctor", &["--preflight"]), 2),
    row("status", &["sax"]),
    row("status", &["-A", "-w"]),
    row("logs", &["sax"]),
    row("logs", &["sax", "-f"]),
    row("events", &["sax"]),
    row("report", &[]),
    row("get cells", &["-A"]),
    row("get slices", &["-A", "-w"]),
    row("get models", &["-A"]),
    row("get servers", &["-A", "-w"]),
    row("wait", &["sax", "--for=endpoint", "--timeout=0"]),
    row("wait", &["sax", "--for=deleted", "--timeout=0"]),
    row("topology", &[]),
    row("explain placement", &["sax"]),
    row("endpoint", &["sax"]),
    row("port-forward", &["sax"]),
    row("exec", &["sax", "--", "saxutil", "ls"]),
    row("policy install", &["tpu-shape"]),
    row("policy list", &[]),
    row("policy uninstall", &["tpu-shape"]),
    row("audit", &[]),
    row("webhook install", &["--timeout", "1s"]),
    row("webhook uninstall", &[]),
    row("webhook status", &[]),
    row("webhook rotate-certs", &[]),
    row("webhook pause", &[]),
    // Its own version is there all the same.
    ends(row("version", &[]), 0),
];

/// All that ask Saxml, which is behind the API server where nobody gives an address.
pub(super) const OF_SAXML: &[Row] = &[
    row(
        "publish",
        &["/sax/test/m", "--path", "lm_cloud.LmCloudSpmd2BTest"],
    ),
    row(
        "publish",
        &[
            "/sax/test/m",
            "--path",
            "lm_cloud.LmCloudSpmd2BTest",
            "--wait",
            "--timeout",
            "1s",
        ],
    ),
    row("update", &["/sax/test/m", "--replicas", "2"]),
    row("unpublish", &["/sax/test/m", "-y"]),
    row("get models", &["/sax/test/m"]),
    row("get models", &["/sax/test/m", "-w"]),
    row("get servers", &[]),
    row("wait", &["/sax/test/m", "--timeout", "1s"]),
    row("generate", &["/sax/test/m", "hi", "--timeout", "1s"]),
    row(
        "generate",
        &["/sax/test/m", "hi", "--stream", "--timeout", "1s"],
    ),
    row("chat", &["/sax/test/m", "--timeout", "1s"]),
    row("score", &["/sax/test/m", "a", "b", "--timeout", "1s"]),
    row("embed", &["/sax/test/m", "a", "--timeout", "1s"]),
    row(
        "bench",
        &["/sax/test/m", "--timeout", "1s", "--duration", "1s"],
    ),
];

/// These show the cluster's side of a cell, and never ask an address.
pub(super) const OF_CELLS: &[Row] = &[row("get cells", &[]), row("get slices", &[])];

/// They have the flags of a verb that asks, and ask nobody.
pub(super) const SILENT: [&str; 1] = ["init"];
