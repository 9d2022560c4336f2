//! The kernel's command line of another platform than the one that a release's UKI is made for.

/// The command line of `base` with the platform's own arguments in place of the release's, and more at the end.
///
/// As Talos' imager has it: the platform's come first, the defaults of the release stay, what a person adds comes
/// last. A console of theirs replaces the platform's consoles, and `-name` takes arguments away.
pub fn rewrite(base: &str, platform: &[String], more: &[String]) -> String {
    let key = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
    let release = base.split_whitespace().filter(|it| {
        let key = key(it);
        // What belongs to the release's own platform, which is `metal`.
        key != "talos.platform" && key != "console"
    });
    let mut words: Vec<String> = platform.to_vec();
    words.extend(release.map(str::to_owned));
    for overwritten in ["console", "talos.platform"] {
        if more.iter().any(|it| key(it) == overwritten) {
            words.retain(|it| key(it) != overwritten);
        }
    }
    for word in more {
        if let Some(negated) = word.strip_prefix('-') {
            words.retain(|it| if negated.contains('=') { it != negated } else { key(it) != negated });
        } else if !words.contains(word) {
            words.push(word.clone());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    /// Of Talos 1.14, as its imager's own test has it for `metal`.
    const BASE: &str =
        "talos.platform=metal console=tty0 slab_nomerge pti=on consoleblank=0 printk.devkmsg=on selinux=1";

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn metal_stays_as_it_is() {
        assert_eq!(rewrite(BASE, &words("talos.platform=metal console=tty0"), &[]), BASE);
    }

    #[test]
    fn another_platform_has_its_own_consoles() {
        let akamai = words("talos.platform=akamai console=ttyS0 console=tty0 console=tty1 net.ifnames=0");
        assert_eq!(
            rewrite(BASE, &akamai, &[]),
            "talos.platform=akamai console=ttyS0 console=tty0 console=tty1 net.ifnames=0 slab_nomerge pti=on consoleblank=0 printk.devkmsg=on selinux=1"
        );
    }

    #[test]
    fn what_a_person_adds_wins() {
        let metal = words("talos.platform=metal console=tty0");
        assert_eq!(
            rewrite(BASE, &metal, &words("console=ttyS1,115200 -pti -selinux=0 net.ifnames=0")),
            "talos.platform=metal slab_nomerge consoleblank=0 printk.devkmsg=on selinux=1 console=ttyS1,115200 net.ifnames=0"
        );
    }
}
