"""The voice gateway: makes a browser (later a SIP trunk) look like the carrier to the hotline."""
