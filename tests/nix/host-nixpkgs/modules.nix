# The part of nixpkgs' module system that our modules use: options with types and defaults, `mkIf`, definitions that
# are joined as their type says. An option that is not declared, or a value of another type, is refused.
let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatMap
    elem
    filter
    foldl'
    hasAttr
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isPath
    isString
    length
    listToAttrs
    map
    removeAttrs
    ;

  one =
    path: values:
    if length values == 1 then
      head values
    else
      throw "The option `${path}' is set ${toString (length values)} times";
  # As `types.anything`: sets are joined, lists follow each other, other values are the same or refused.
  join =
    path: values:
    if all isAttrs values && !(head values ? outPath) then
      listToAttrs (
        map (name: {
          inherit name;
          value = join "${path}.${name}" (map (it: it.${name}) (filter (hasAttr name) values));
        }) (concatMap attrNames values)
      )
    else if all isList values then
      concatLists values
    else
      one path values;
  type = name: check: merge: { inherit name check merge; };
  types = rec {
    anything = type "anything" (_: true) join;
    bool = type "boolean" isBool one;
    str = type "string" isString one;
    path = type "path" (it: isPath it || isString it) one;
    ints.positive = type "positive integer" (it: isInt it && it > 0) one;
    nullOr = of: type "null or ${of.name}" (it: it == null || of.check it) one;
    listOf = of: type "list of ${of.name}" (it: isList it && all of.check it) (_: concatLists);
  };

  # The definitions that hold, with the conditions around them looked at.
  unfold =
    value:
    if isAttrs value && value._type or "" == "if" then
      if value.condition then unfold value.content else [ ]
    else
      [ value ];

  # A condition around a set, moved onto each of its values: which options are set must not depend on it.
  push =
    value:
    if value._type or "" == "if" then
      builtins.mapAttrs (_: content: {
        _type = "if";
        inherit (value) condition;
        inherit content;
      }) (push value.content)
    else
      value;

  evalModules =
    {
      modules,
      specialArgs ? { },
    }:
    let
      load =
        module:
        let
          read = if isPath module then import module else module;
        in
        if isFunction read then read arguments else read;
      loaded = map load modules;
      arguments = specialArgs // {
        inherit config;
        lib = import ./lib.nix;
      };
      isOption = it: isAttrs it && it._type or "" == "option";
      declared = foldl' merged { } (map (it: it.options or { }) loaded);
      merged =
        left: right:
        left
        // listToAttrs (
          map (name: {
            inherit name;
            value =
              if hasAttr name left && !(isOption left.${name}) then
                merged left.${name} right.${name}
              else
                right.${name};
          }) (attrNames right)
        );
      definitions = map (it: it.config or (removeAttrs it [ "options" ])) loaded;
      value =
        path: option: values:
        let
          found = concatMap unfold values;
        in
        if found == [ ] then
          option.default or (throw "The option `${path}' is used and has no value")
        else if all option.type.check found then
          option.type.merge path found
        else
          throw "A definition for option `${path}' is not of type `${option.type.name}'";
      walk =
        path: options: values:
        let
          sets = map push values;
          unknown = filter (name: !(elem name (attrNames options))) (concatMap attrNames sets);
        in
        if unknown != [ ] then
          throw "The option `${path}${head unknown}' does not exist"
        else
          listToAttrs (
            map (name: {
              inherit name;
              value =
                let
                  inner = map (it: it.${name}) (filter (hasAttr name) sets);
                in
                if isOption options.${name} then
                  value "${path}${name}" options.${name} inner
                else
                  walk "${path}${name}." options.${name} inner;
            }) (attrNames options)
          );
      config = walk "" declared definitions;
    in
    {
      inherit config;
    };
in
{
  inherit evalModules types;
  mkOption = option: option // { _type = "option"; };
  mkEnableOption = description: {
    _type = "option";
    type = types.bool;
    default = false;
    description = "Whether to enable ${description}.";
  };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
}
