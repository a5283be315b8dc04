package xts_test

import (
	"bytes"
	"fmt"

	"github.com/ebsim/ebsim/volume/xts"
)

func ExampleNewCipher() {
	key := make([]byte, xts.KeySize) // 64 random bytes, in earnest
	for i := range key {
		key[i] = byte(i)
	}
	c, err := xts.NewCipher(key, 4096)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	sectors := bytes.Repeat([]byte("data"), 2*4096/4)
	c.EncryptSectors(sectors, sectors, 7) // sectors 7 and 8, in place
	fmt.Println(bytes.Equal(sectors[:4096], sectors[4096:]))
	c.DecryptSectors(sectors, sectors, 7)
	fmt.Printf("%s\n", sectors[:8])
	// Output:
	// false
	// datadata
}
