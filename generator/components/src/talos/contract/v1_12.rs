//! Contract 1.12: the network and registry mirrors move to documents; a user volume can be a folder.

use super::{Form, Forms, v1_11};

pub(super) const FORMS: Forms = Forms {
    minor: 12,
    changes: &[
        "`machine.network.hostname` becomes `HostnameConfig`",
        "`machine.network.interfaces` becomes `LinkConfig`, `DHCPv4Config` and `Layer2VIPConfig`",
        "`machine.network.nameservers` becomes `ResolverConfig`, `machine.time` becomes `TimeSyncConfig`",
        "`machine.registries.mirrors` becomes one `RegistryMirrorConfig` a registry",
        "a folder for data becomes `UserVolumeConfig` with `volumeType: directory`; its path stays `/var/mnt/<name>`",
    ],
    network: Form::Document,
    exclude_advertised_networks: true,
    directory_volumes: true,
    ..v1_11::FORMS
};
