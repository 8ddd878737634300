//! The memory of a component: taken, never given back.
//!
//! A store lives for one call, so all memory ends with the review, and the host's limit ends a
//! policy that takes too much. Looking for free blocks would be a large part of the work of a
//! short review (a tiny object: 37 µs with the standard allocator, 24 µs with this one).

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::Cell;
use std::ptr;

/// Bytes of a page of WebAssembly.
const PAGE: usize = 64 * 1024;
/// Pages that the memory grows by at least: each growth is a call to the host, and a change of
/// page protections there.
const GROWTH: usize = 16;

#[expect(unsafe_code, reason = "the linker defines it; only its address counts")]
unsafe extern "C" {
    /// The end of what the module came with: its stack and its data.
    static __heap_base: u8;
}

#[global_allocator]
static ALLOCATOR: Bump = Bump {
    next: Cell::new(0),
    end: Cell::new(0),
};

/// Hands out addresses upwards, above everything that the module came with; first those of the
/// memory that it starts with, which are there at no cost.
struct Bump {
    /// The first free address.
    next: Cell<usize>,
    /// The first address that is not there yet; 0 before the first allocation.
    end: Cell<usize>,
}

#[expect(unsafe_code, reason = "a component has one thread")]
// SAFETY: there are no threads in a component, so nothing is accessed at the same time.
unsafe impl Sync for Bump {}

#[expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]
// SAFETY: every block is aligned, lies in memory that is there and that nothing else of the module
// uses, and overlaps no other, since `next` only moves up.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.take(layout);
        start.map_or(ptr::null_mut(), |start| start as *mut u8)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    /// Memory above `__heap_base` starts as zeroes, and none is handed out twice.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of `alloc`.
        unsafe { self.alloc(layout) }
    }

    /// The newest block grows where it is: a list that is being filled is not copied.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() || self.extend(block as usize, layout.size(), size) {
            return block;
        }
        // SAFETY: the caller promises that `size`, rounded up to the alignment, does not
        // overflow; the new block is apart from the old one, which holds `layout.size()` bytes.
        unsafe {
            let grown = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !grown.is_null() {
                ptr::copy_nonoverlapping(block, grown, layout.size());
            }
            grown
        }
    }
}

impl Bump {
    fn take(&self, layout: Layout) -> Option<usize> {
        if self.end.get() == 0 {
            self.next.set((&raw const __heap_base).addr());
            self.end.set(memory_size::<0>() * PAGE);
        }
        let start = self.next.get().checked_next_multiple_of(layout.align())?;
        let end = start.checked_add(layout.size())?;
        self.reach(end).then_some(start)
    }

    fn extend(&self, start: usize, size: usize, wanted: usize) -> bool {
        let is_newest = start + size == self.next.get();
        let end = start.checked_add(wanted);
        is_newest && end.is_some_and(|end| self.reach(end))
    }

    /// Moves `next` up to `end`, where the host gives that much memory.
    fn reach(&self, end: usize) -> bool {
        let missing = end.saturating_sub(self.end.get()).div_ceil(PAGE);
        if missing > 0 {
            let pages = missing.max(GROWTH);
            // Near the host's limit less than a whole growth may be left.
            let grown = [pages, missing]
                .into_iter()
                .find(|pages| memory_grow::<0>(*pages) != usize::MAX);
            let Some(grown) = grown else { return false };
            self.end.set(self.end.get().saturating_add(grown * PAGE));
        }
        self.next.set(end);
        true
    }
}
