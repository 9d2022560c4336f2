//! Contract 1.14: Kubernetes, discovery, installation and kernel parameters move to documents.

use super::{Form, Forms, v1_13};

pub(super) const FORMS: Forms = Forms {
    minor: 14,
    changes: &[
        "`machine.kubelet`, `machine.nodeLabels` and `machine.nodeTaints` become `KubeletConfig` and `KubeNodeConfig`",
        "`machine.features.kubePrism` becomes `KubePrismConfig`, `hostDNS` moves into `ResolverConfig`",
        "`machine.install` becomes `UnattendedInstallConfig`, `machine.sysctls` becomes `SysctlConfig`",
        "`cluster.clusterName` and `controlPlane` become `KubeClusterConfig`, `cluster.network` becomes `KubeNetworkConfig`",
        "no CNI is the absence of `KubeFlannelCNIConfig`; kube-proxy is turned off in `KubeProxyConfig`",
        "`cluster.discovery` becomes `DiscoveryServiceConfig`",
        "taints of workers are passed as the node registers, in `KubeNodeConfig`",
    ],
    discovery: Form::Document,
    kubernetes: Form::Document,
    host_dns: Form::Document,
    install: Form::Document,
    sysctls: Form::Document,
    worker_taints: true,
    ..v1_13::FORMS
};
