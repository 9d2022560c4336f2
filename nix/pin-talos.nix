# The command that pins a Talos release for images.
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
  text = builtins.readFile ./pin-talos.sh;
}
