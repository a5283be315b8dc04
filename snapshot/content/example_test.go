package content_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/ebsim/ebsim/snapshot/content"
)

func fill(b byte) []byte { return bytes.Repeat([]byte{b}, content.BlockSize) }

// A full tree, an incremental one over it, and what changed between them.
func ExampleStore() {
	ctx := context.Background()
	store := content.New(blob.Memory())
	keys := content.NewKeys(content.NewKey())

	write := func(base content.Root, changes map[int64][]byte) content.Root {
		w, err := store.Write(ctx, 2048, base, keys) // 1 GiB
		if err != nil {
			panic(err)
		}
		defer w.Discard(ctx)
		for index, plain := range changes {
			if err := w.Put(ctx, index, plain); err != nil {
				panic(err)
			}
		}
		root, stats, err := w.Commit(ctx)
		if err != nil {
			panic(err)
		}
		fmt.Println(stats.BlocksStored, "stored,", stats.BlocksReused, "reused,", root.Present(), "present")
		return root
	}
	monday := write(content.Root{}, map[int64][]byte{0: fill('a'), 7: fill('b')})
	tuesday := write(monday, map[int64][]byte{0: fill('a'), 7: fill('c'), 9: fill('d')})

	for change, err := range store.Diff(ctx, monday, tuesday) {
		if err != nil {
			panic(err)
		}
		fmt.Println("block", change.Index, "changed")
	}
	block := make([]byte, content.BlockSize)
	if _, err := store.Read(tuesday, keys).Block(ctx, 7, block); err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", block[:3])
	// Output:
	// 2 stored, 0 reused, 2 present
	// 2 stored, 1 reused, 3 present
	// block 7 changed
	// block 9 changed
	// ccc
}

// A copy to another region opens no block; collecting the source afterwards
// leaves it whole.
func ExampleStore_CopyFrom() {
	ctx := context.Background()
	paris, tokyo := content.New(blob.Memory()), content.New(blob.Memory())
	keys := content.NewKeys(content.NewKey())
	w, err := paris.Write(ctx, 2048, content.Root{}, keys)
	if err != nil {
		panic(err)
	}
	if err := w.Put(ctx, 3, fill('x')); err != nil {
		panic(err)
	}
	root, _, err := w.Commit(ctx)
	if err != nil {
		panic(err)
	}
	stats, err := tokyo.CopyFrom(ctx, paris, root, nil, nil)
	fmt.Println(stats.BlocksStored, err)
	_, err = paris.Collect(ctx, []content.Root{root}, func(context.Context) ([]content.Root, error) { return nil, nil })
	fmt.Println(err)
	fmt.Println(tokyo.Verify(ctx, root, &keys, nil))
	// Output:
	// 1 <nil>
	// <nil>
	// <nil>
}
