"""From the store to whoever asks: output, measurements and curves, in pages, searched, thinned and followed live."""
