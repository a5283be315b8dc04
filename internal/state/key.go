package state

import "bytes"

// Key joins parts to one key, so that keys sort as their parts do and no part
// can be mistaken for two: within a part 0x00 becomes 0x00 0xff, and each part
// ends with 0x00 0x01.
func Key(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		for i := 0; i < len(p); i++ {
			if p[i] == 0 {
				b = append(b, 0, 0xff)
			} else {
				b = append(b, p[i])
			}
		}
		b = append(b, 0, 1)
	}
	return b
}

// Split undoes Key. Bytes after the last end of a part are one part more.
func Split(key []byte) []string {
	var parts []string
	var p []byte
	for i := 0; i < len(key); i++ {
		if key[i] != 0 || i+1 == len(key) {
			p = append(p, key[i])
			continue
		}
		i++
		if key[i] == 1 {
			parts, p = append(parts, string(p)), nil
		} else {
			p = append(p, 0)
		}
	}
	if p != nil {
		parts = append(parts, string(p))
	}
	return parts
}

// PrefixEnd gives the first key after all that begin with a prefix, for Scan;
// nil where there is none.
func PrefixEnd(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
