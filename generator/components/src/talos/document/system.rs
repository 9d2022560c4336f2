//! Documents of the machine itself: installation, kernel parameters, volumes.

use super::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub(in super::super) struct UnattendedInstallConfig {
    pub installer: Installer,
    pub provisioning: InstallProvisioning,
}

impl Kind for UnattendedInstallConfig {
    const KIND: &'static str = "UnattendedInstallConfig";
}

#[derive(Debug, Serialize)]
pub(in super::super) struct Installer {
    pub image: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct InstallProvisioning {
    pub disk_selector: DiskSelector,
    /// Said although it is the base's default: the document's own default is to wipe.
    pub wipe: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct DiskSelector {
    #[serde(rename = "match")]
    pub expression: String,
}

#[derive(Debug, Serialize)]
pub(in super::super) struct SysctlConfig {
    pub params: BTreeMap<String, String>,
}

impl Kind for SysctlConfig {
    const KIND: &'static str = "SysctlConfig";
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct UserVolumeConfig {
    pub name: &'static str,
    pub volume_type: &'static str,
}

impl Kind for UserVolumeConfig {
    const KIND: &'static str = "UserVolumeConfig";
}
