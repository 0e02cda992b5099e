"""The stages of the main job. Nodes unpack, call one library function, name outputs."""
