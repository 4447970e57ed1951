;; Adds a mask to words, or takes it away, mod 2^32, four words at a time. Addresses are in bytes; the words end at `end`, 64 bytes a
;; turn.
(module
  (import "host" "memory" (memory 2))

  (func $add (export "add") (param $words i32) (param $mask i32) (param $end i32)
    (loop $next
      (v128.store (local.get $words) (i32x4.add (v128.load (local.get $words)) (v128.load (local.get $mask))))
      (v128.store offset=16 (local.get $words)
        (i32x4.add (v128.load offset=16 (local.get $words)) (v128.load offset=16 (local.get $mask))))
      (v128.store offset=32 (local.get $words)
        (i32x4.add (v128.load offset=32 (local.get $words)) (v128.load offset=32 (local.get $mask))))
      (v128.store offset=48 (local.get $words)
        (i32x4.add (v128.load offset=48 (local.get $words)) (v128.load offset=48 (local.get $mask))))
      (local.set $words (i32.add (local.get $words) (i32.const 64)))
      (local.set $mask (i32.add (local.get $mask) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $words) (local.get $end)))))

  (func $subtract (export "subtract") (param $words i32) (param $mask i32) (param $end i32)
    (loop $next
      (v128.store (local.get $words) (i32x4.sub (v128.load (local.get $words)) (v128.load (local.get $mask))))
      (v128.store offset=16 (local.get $words)
        (i32x4.sub (v128.load offset=16 (local.get $words)) (v128.load offset=16 (local.get $mask))))
      (v128.store offset=32 (local.get $words)
        (i32x4.sub (v128.load offset=32 (local.get $words)) (v128.load offset=32 (local.get $mask))))
      (v128.store offset=48 (local.get $words)
        (i32x4.sub (v128.load offset=48 (local.get $words)) (v128.load offset=48 (local.get $mask))))
      (local.set $words (i32.add (local.get $words) (i32.const 64)))
      (local.set $mask (i32.add (local.get $mask) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $words) (local.get $end))))))
