"""How variants are started, loaded, read and told of. What they are is said in the files beside this folder."""
