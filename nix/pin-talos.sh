# Adds the SHA-256 of a Talos release's UKI to the pins that images are made from.
if [ $# -lt 2 ]; then
  echo 'usage: nix run .#pin-talos -- VERSION amd64|arm64 [FILE]     FILE is nix/talos.json where absent' >&2
  exit 2
fi
version=$1 architecture=$2 file=${3:-nix/talos.json}
base=${TALOS_RELEASES:-https://github.com/siderolabs/talos/releases/download}
name=metal-$architecture-uki.efi
list=$base/$version/sha256sum.txt
if ! sums=$(curl --fail --silent --show-error --location "$list"); then
  echo "error: the list of sums of Talos $version could not be fetched: $list" >&2
  exit 1
fi
sum=$(grep -E "^[0-9a-f]{64} [ *](\./|_out/)?$name\$" <<< "$sums" | cut -c1-64) || true
if [ ${#sum} -ne 64 ]; then
  echo "error: the list of sums of Talos $version does not name $name once" >&2
  exit 1
fi
hash=sha256-$(printf %s "$sum" | tr a-f A-F | basenc --base16 -d | base64 -w0)
[ -e "$file" ] || echo '{}' > "$file"
jq --arg version "$version" --arg architecture "$architecture" --arg hash "$hash" --arg source "$list" \
  '.[$version][$architecture] = { $hash, $source }' "$file" > "$file.new"
mv "$file.new" "$file"
echo "$file: Talos $version for $architecture is $hash"
echo "To be sure of the list itself, once: cosign verify-blob with the release's sha256sum.txt.bundle."
