# Adds the SHA-256 of a Talos release's UKI to the pins that images are made from.
{
  writeShellApplication,
  coreutils,
  curl,
  gnugrep,
  jq,
}:

writeShellApplication {
  name = "tombolo-pin-talos";
  runtimeInputs = [
    coreutils
    curl
    gnugrep
    jq
  ];
  text = ''
    if [ $# -lt 2 ]; then
      echo 'usage: nix run .#pin-talos -- VERSION amd64|arm64 [FILE]     FILE is nix/talos.json where absent' >&2
      exit 2
    fi
    version=$1 architecture=$2 file=''${3:-nix/talos.json}
    base=''${TALOS_RELEASES:-https://github.com/siderolabs/talos/releases/download}
    name=metal-$architecture-uki.efi
    sums=$(curl --fail --silent --show-error --location "$base/$version/sha256sum.txt") || {
      echo "error: the list of sums of Talos $version could not be fetched from $base" >&2
      exit 1
    }
    sum=$(grep -E "^[0-9a-f]{64} [ *](\./)?(_out/)?$name\$" <<< "$sums" | cut -c1-64) || {
      echo "error: the list of sums of Talos $version has no $name" >&2
      exit 1
    }
    hash=sha256-$(tr a-f A-F <<< "$sum" | tr -d '\n' | basenc --base16 -d | base64 -w0)
    [ -e "$file" ] || echo '{}' > "$file"
    source=$base/$version/sha256sum.txt
    jq --arg version "$version" --arg architecture "$architecture" --arg hash "$hash" --arg source "$source" \
      '.[$version][$architecture] = { $hash, $source }' "$file" > "$file.new"
    mv "$file.new" "$file"
    echo "$file: Talos $version for $architecture is $hash"
    echo "to be sure of it, once: cosign verify-blob --bundle sha256sum.txt.bundle of the release, over sha256sum.txt"
  '';
}
