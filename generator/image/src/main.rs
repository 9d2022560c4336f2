//! `talos-image`: what `nix/image.nix` calls for the parts of an image that no other tool makes.

use std::{env, fs, process::ExitCode};
use talos_image::{Refusal, cmdline, grub, meta, secret, uki::Uki};

const USAGE: &str = "usage: talos-image uki UKI OUT PLATFORM-ARGUMENTS MORE-ARGUMENTS
         writes OUT/uki.efi with its command line made anew, and OUT/{linux,initrd,cmdline}
       talos-image grub BOOT CORE SECTOR
         ties GRUB's boot sector to a core image that is placed at SECTOR
       talos-image meta OUT KEY=VALUE|KEY=@FILE...
         writes a META partition
       talos-image public CONFIG
         fails where a machine configuration holds a secret";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("error: {refusal}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Refusal> {
    match arguments {
        ["uki", file, out, platform, more] => {
            let uki = Uki::parse(read(file)?)?;
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let line = cmdline::rewrite(&uki.cmdline()?, &words(platform), &words(more));
            write(&format!("{out}/linux"), uki.section(".linux")?)?;
            write(&format!("{out}/initrd"), uki.section(".initrd")?)?;
            write(&format!("{out}/cmdline"), line.as_bytes())?;
            write(&format!("{out}/uki.efi"), &uki.with_cmdline(&line)?)
        }
        ["grub", boot_file, core_file, sector] => {
            let (mut boot, mut core) = (read(boot_file)?, read(core_file)?);
            let sector = sector.parse().map_err(|_| format!("`{sector}` is not a sector"))?;
            grub::install(&mut boot, &mut core, sector)?;
            write(boot_file, &boot)?;
            write(core_file, &core)
        }
        ["meta", out, values @ ..] => {
            let values: Result<Vec<_>, _> = values.iter().map(|it| value(it)).collect();
            write(out, &meta::partition(&values?)?)
        }
        ["public", file] => {
            let text = String::from_utf8(read(file)?).map_err(|_| format!("{file} is not text"))?;
            secret::refuse(&text)
        }
        _ => Err(USAGE.into()),
    }
}

/// A value of META and its key: `0x11=dual-boot`, `0xa=@network.yaml`.
fn value(argument: &str) -> Result<(u32, Vec<u8>), Refusal> {
    let wrong = || format!("`{argument}` is not KEY=VALUE");
    let (key, value) = argument.split_once('=').ok_or_else(wrong)?;
    let digits = key.strip_prefix("0x").ok_or_else(wrong)?;
    let key = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
    let value = match value.strip_prefix('@') {
        Some(file) => read(file)?,
        None => value.as_bytes().to_vec(),
    };
    Ok((key, value))
}

#[expect(clippy::disallowed_methods, reason = "this is where this program reads")]
fn read(file: &str) -> Result<Vec<u8>, Refusal> {
    fs::read(file).map_err(|error| format!("{file}: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "this is where this program writes")]
fn write(file: &str, bytes: &[u8]) -> Result<(), Refusal> {
    fs::write(file, bytes).map_err(|error| format!("{file}: {error}"))
}
