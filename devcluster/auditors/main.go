// Tools of others that check a log of ours, and make notes and logs for ours to check: golang.org/x/mod/sumdb/note,
// transparency-dev/formats and transparency-dev/tessera, with nothing of Hanse in between. Only tests run it.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const usage = `auditors fsck DIR VKEY     check all files of a log (tessera/fsck)
auditors open VKEY...      check the note on standard input; print who has signed it
auditors sign SKEY...      sign the text on standard input
auditors log DIR SKEY N    make a log of N entries "entry 0" and so on (tessera's POSIX storage)
auditors inclusion INDEX SIZE LEAF ROOT HASH...        check a proof (transparency-dev/merkle)
auditors consistency OLD SIZE OLDROOT ROOT HASH...     the same, that one tree begins with another`

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("%s", usage))
	}
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "fsck":
		fail(check(arguments[0], arguments[1]))
	case "open":
		fail(open(arguments))
	case "sign":
		fail(sign(arguments))
	case "log":
		fail(makeLog(arguments[0], arguments[1], arguments[2]))
	case "inclusion", "consistency":
		fail(checkProof(os.Args[1], arguments))
	default:
		fail(fmt.Errorf("%s", usage))
	}
}

func checkProof(kind string, arguments []string) error {
	if len(arguments) < 4 {
		return fmt.Errorf("%s", usage)
	}
	var sizes [2]uint64
	for i := range sizes {
		number, err := strconv.ParseUint(arguments[i], 10, 64)
		if err != nil {
			return err
		}
		sizes[i] = number
	}
	var hashes [][]byte
	for _, argument := range arguments[2:] {
		hash, err := hex.DecodeString(argument)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	if kind == "inclusion" {
		return proof.VerifyInclusion(rfc6962.DefaultHasher, sizes[0], sizes[1], hashes[0], hashes[2:], hashes[1])
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, sizes[0], sizes[1], hashes[2:], hashes[0], hashes[1])
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(folder, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	fetcher := &client.FileFetcher{Root: folder}
	return fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 1}).Check(context.Background())
}

func leafHashes(bundle []byte) ([][]byte, error) {
	decoded := &api.EntryBundle{}
	if err := decoded.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range decoded.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

// verifier finds out of which type a key is by asking each library in turn.
func verifier(vkey string) (note.Verifier, error) {
	if v, err := note.NewVerifier(vkey); err == nil {
		return v, nil
	}
	if v, err := fnote.NewVerifierForCosignatureV1(vkey); err == nil {
		return v, nil
	}
	return fnote.NewMLDSAVerifier(vkey)
}

func open(vkeys []string) error {
	var verifiers []note.Verifier
	for _, vkey := range vkeys {
		v, err := verifier(vkey)
		if err != nil {
			return fmt.Errorf("%s: %w", vkey, err)
		}
		verifiers = append(verifiers, v)
	}
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	opened, err := note.Open(data, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	for _, signature := range opened.Sigs {
		fmt.Printf("%s %08x\n", signature.Name, signature.Hash)
	}
	return nil
}

func signer(skey string) (note.Signer, error) {
	if s, err := note.NewSigner(skey); err == nil {
		return s, nil
	}
	if s, err := fnote.NewMLDSASigner(skey); err == nil {
		return s, nil
	}
	return fnote.NewSignerForCosignatureV1(skey)
}

func sign(skeys []string) error {
	var signers []note.Signer
	for _, skey := range skeys {
		s, err := signer(skey)
		if err != nil {
			return err
		}
		signers = append(signers, s)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signers...)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed)
	return err
}

func makeLog(folder, skey, entries string) error {
	count, err := strconv.Atoi(strings.TrimSpace(entries))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().WithCheckpointSigner(s).
		WithBatching(uint(count), 100*time.Millisecond).WithCheckpointInterval(100 * time.Millisecond)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	var futures []tessera.IndexFuture
	for i := range count {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry([]byte(fmt.Sprintf("entry %d", i)))))
	}
	for _, future := range futures {
		if _, _, err := awaiter.Await(ctx, future); err != nil {
			return err
		}
	}
	return shutdown(ctx)
}
