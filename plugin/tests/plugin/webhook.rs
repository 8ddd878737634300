//! `webhook`, as far as it needs no cluster.

use crate::run::sax;

#[test]
fn the_cluster_gets_everything_in_the_order_of_its_needs() {
    let ended = sax(
        &[
            "webhook",
            "install",
            "--dry-run=client",
            "--image",
            "r/webhook:1",
            "-o",
            "name",
        ],
        "",
    );
    insta::assert_snapshot!("webhook-install-names", ended);
    let yaml = sax(
        &[
            "webhook",
            "install",
            "--dry-run=client",
            "--image",
            "r/webhook:1",
            "-o",
            "yaml",
        ],
        "",
    );
    assert!(yaml.stdout.contains("image: r/webhook:1"), "{yaml}");
}

#[test]
fn an_address_that_no_api_server_takes_is_refused() {
    let install = |url| {
        sax(
            &[
                "webhook",
                "install",
                "--url",
                url,
                "--ca-file",
                "Cargo.toml",
            ],
            "",
        )
    };
    insta::assert_snapshot!("webhook-install-http", install("http://127.0.0.1:1"));
    insta::assert_snapshot!(
        "webhook-install-path",
        install("https://127.0.0.1:1/mutate")
    );
    insta::assert_snapshot!("webhook-install-no-ca", install("https://127.0.0.1:1"));
}
