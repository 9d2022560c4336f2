//! nginx's configuration.

use super::{PORT, content::Content};
use crate::Plan;
use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig};
use model::{
    Phase,
    definition::{AcmeEnvironment, Website},
};

/// Where the content is mounted.
pub const ROOT: &str = "/srv/website";

const TEMPLATE: &str = include_str!("nginx.conf.j2");

pub fn configuration(plan: &Plan, website: &Website, content: &[Content]) -> String {
    let subnets = &plan.definition.kubernetes.pod_subnets;
    let aliases: Vec<String> = website.aliases.iter().map(ToString::to_string).collect();
    // Browsers keep the promise of HTTPS for a year: it is given once everything stands, with a certificate that
    // they trust.
    let trusted = plan
        .definition
        .certificates
        .as_ref()
        .is_some_and(|it| it.environment.value == AcmeEnvironment::Production);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(blocks.expect("the delimiters are minijinja's own"));
    environment
        .render_str(
            TEMPLATE,
            context! {
                host => website.host.to_string(),
                aliases => aliases,
                scheme => if plan.definition.certificates.is_some() { "https" } else { "http" },
                port => PORT,
                root => ROOT,
                ipv6 => subnets.iter().any(|subnet| subnet.0.addr().is_ipv6()),
                pods => subnets.iter().map(ToString::to_string).collect::<Vec<_>>(),
                not_found => content.iter().any(|it| it.path == "404.html"),
                hsts => trusted && plan.phase == Phase::Cleanup,
            },
        )
        .expect("the template has every value it names")
}

#[cfg(test)]
mod tests {
    use compiler::testing::{SMALL, edit, file};
    use insta::assert_snapshot;
    use model::Phase;

    const PATH: &str = "apps/website/website/app/nginx.conf";

    #[test]
    fn a_page_and_an_alias() {
        let definition =
            edit(SMALL, "www.example.org, site", "www.example.org, aliases: [example.org], site");
        let configuration = file(&definition, Phase::Services, PATH);
        let (_, servers) = configuration.split_once("    server {").expect("there is a server");
        assert_snapshot!(servers, @r#"

                listen 8080 default_server;
                server_name www.example.org;
                root /srv/website;
                index index.html;

                add_header Cache-Control $cache always;
                add_header Content-Security-Policy "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'" always;
                add_header Cross-Origin-Opener-Policy "same-origin" always;
                add_header Permissions-Policy "camera=(), geolocation=(), microphone=(), payment=(), usb=()" always;
                add_header Referrer-Policy "strict-origin-when-cross-origin" always;
                add_header X-Content-Type-Options "nosniff" always;

                location = /healthz {
                    access_log off;
                    default_type text/plain;
                    return 200 "ok\n";
                }

                # A ConfigMap brings hidden folders of its own.
                location ~ /\.(?!well-known/) {
                    return 404;
                }

                location / {
                    try_files $uri $uri/ $uri.html =404;
                }
            }

            server {
                listen 8080;
                server_name example.org;
                add_header X-Content-Type-Options "nosniff" always;
                return 301 https://www.example.org$request_uri;
            }
        }
        "#);
    }

    #[test]
    fn browsers_are_held_to_https_at_the_very_end() {
        let definition = edit(SMALL, "environment: staging", "environment: production");
        let held =
            |definition: &str, phase| file(definition, phase, PATH).contains("Strict-Transport-Security");
        assert!(held(&definition, Phase::Cleanup));
        assert!(!held(&definition, Phase::Services));
        assert!(!held(SMALL, Phase::Cleanup));
    }
}
