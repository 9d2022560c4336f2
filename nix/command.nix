# One command of the generator as an app. It works on the checkout that it is called in, never on the store.
{
  name,
  writeShellApplication,
  tombolo,
}:

writeShellApplication {
  name = "tombolo-${name}";
  runtimeInputs = [ tombolo ];
  text = ''
    status=0
    tombolo ${name} "$@" || status=$?
    # A flake sees what Git tracks. What it does not track is rendered here, and missing there.
    if command -v git > /dev/null && root=$(git rev-parse --show-toplevel 2> /dev/null); then
      mapfile -t -n 4 untracked < <(git -C "$root" ls-files --others --exclude-standard -- clusters 2> /dev/null)
      if [ "''${#untracked[@]}" -gt 0 ]; then
        printf 'note: Git does not track these yet, so Nix does not see them (nix flake check, images):\n' >&2
        printf '%s\n' "''${untracked[@]}" | sed '1,3s/^/  /; 4s/.*/  and more/' >&2
        printf 'help: git add clusters\n' >&2
      fi
    fi
    exit "$status"
  '';
}
