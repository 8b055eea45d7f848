"""Network cameras by ONVIF: found, asked for their streams, set to time and resolution."""
