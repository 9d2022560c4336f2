//! Contract 1.9: nearly everything is in the main document; the firewall and extra endpoints have documents.

use super::{Form, Forms};

pub(super) const FORMS: Forms = Forms {
    minor: 9,
    changes: &[],
    network: Form::Main,
    kubespan: Form::Main,
    discovery: Form::Main,
    kubernetes: Form::Main,
    host_dns: Form::Main,
    install: Form::Main,
    sysctls: Form::Main,
    exclude_advertised_networks: false,
    directory_volumes: false,
    worker_taints: false,
};
