package disk_test

import (
	"bytes"
	"fmt"

	"github.com/ebsim/ebsim/volume/disk"
)

// An incremental snapshot reads what changed, as it was at the freeze.
func ExampleFreeze() {
	dataKey := bytes.Repeat([]byte{1, 2}, 32) // 64 random bytes from KMS, in earnest
	d, err := disk.Create(disk.Memory(), disk.Options{
		Size:     1 << 30,
		Key:      disk.DeriveXTSKey(dataKey, "vol-0123456789abcdef0"),
		Hydrated: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	d.WriteAt([]byte("before"), 3*disk.BlockSize)

	views, err := disk.Freeze([]string{"snap-1"}, d)
	if err != nil {
		fmt.Println(err)
		return
	}
	d.WriteAt([]byte("after!"), 3*disk.BlockSize)

	block := make([]byte, disk.BlockSize)
	for index, err := range views[0].Changed(false) {
		if err != nil {
			fmt.Println(err)
			return
		}
		views[0].ReadBlock(index, block)
		fmt.Printf("block %d: %s\n", index, block[:6])
	}
	views[0].Close()
	// Output: block 3: before
}

// A restore hydrates the base's blocks and ends with the zeros between.
func ExampleDisk_Hydrate() {
	d, err := disk.Create(disk.Memory(), disk.Options{Size: 64 << 40})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	d.Hydrate(5, bytes.Repeat([]byte("base"), disk.BlockSize/4))
	d.HydrateZero(0, d.Blocks())

	p := make([]byte, 4)
	d.ReadAt(p, 5*disk.BlockSize)
	fmt.Printf("%s\n", p)
	_, more := d.Unhydrated(0)
	fmt.Println("more to do:", more)
	// Output:
	// base
	// more to do: false
}
