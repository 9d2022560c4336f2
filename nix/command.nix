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
    exec tombolo ${name} "$@"
  '';
}
