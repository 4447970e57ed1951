;; The hot loops of training and routing, on float32 in four lanes at a time: products of matrices, C = A * B, and of a matrix and a
;; vector, and the optimizer's step.
;;
;; Of a product both operands are first copied into panels in the order in which a tile reads them: 4 rows of A, 8 columns of B. Strides say
;; where an element stands, so that one routine multiplies plain and transposed operands. A tile holds 4 x 8 elements of C in
;; eight registers and adds the products in the order of the common index, each product and each sum rounded to float32:
;; C has the same bits on every machine.
;;
;; Addresses and strides are in bytes; counts are at least 1.
(module
  (import "host" "memory" (memory 1))

  ;; Copies the lines first .. first + 3 of a matrix (rows of A, columns of B) into a panel, side by side. A line is k elements, `step`
  ;; apart; lines are `line` apart. Where there are fewer, the last one is repeated.
  (func $pack
    (param $to i32) (param $toStep i32)
    (param $from i32) (param $line i32) (param $step i32)
    (param $first i32) (param $lines i32) (param $k i32)
    (local $last i32) (local $end i32)
    (local $from0 i32) (local $from1 i32) (local $from2 i32) (local $from3 i32)
    (local.set $last (i32.sub (local.get $lines) (i32.const 1)))
    (local.set $from0
      (i32.add (local.get $from)
        (i32.mul (local.get $line)
          (select (local.get $first) (local.get $last) (i32.lt_u (local.get $first) (local.get $last))))))
    (local.set $first (i32.add (local.get $first) (i32.const 1)))
    (local.set $from1
      (i32.add (local.get $from)
        (i32.mul (local.get $line)
          (select (local.get $first) (local.get $last) (i32.lt_u (local.get $first) (local.get $last))))))
    (local.set $first (i32.add (local.get $first) (i32.const 1)))
    (local.set $from2
      (i32.add (local.get $from)
        (i32.mul (local.get $line)
          (select (local.get $first) (local.get $last) (i32.lt_u (local.get $first) (local.get $last))))))
    (local.set $first (i32.add (local.get $first) (i32.const 1)))
    (local.set $from3
      (i32.add (local.get $from)
        (i32.mul (local.get $line)
          (select (local.get $first) (local.get $last) (i32.lt_u (local.get $first) (local.get $last))))))
    (local.set $end (i32.add (local.get $to) (i32.mul (local.get $k) (local.get $toStep))))
    (loop $next
      (f32.store (local.get $to) (f32.load (local.get $from0)))
      (f32.store offset=4 (local.get $to) (f32.load (local.get $from1)))
      (f32.store offset=8 (local.get $to) (f32.load (local.get $from2)))
      (f32.store offset=12 (local.get $to) (f32.load (local.get $from3)))
      (local.set $from0 (i32.add (local.get $from0) (local.get $step)))
      (local.set $from1 (i32.add (local.get $from1) (local.get $step)))
      (local.set $from2 (i32.add (local.get $from2) (local.get $step)))
      (local.set $from3 (i32.add (local.get $from3) (local.get $step)))
      (local.set $to (i32.add (local.get $to) (local.get $toStep)))
      (br_if $next (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Multiplies a panel of A with one of B and stores the 4 x 8 sums; rows of C are `row` apart.
  (func $tile
    (param $a i32) (param $b i32) (param $k i32) (param $c i32) (param $row i32)
    (local $end i32)
    (local $b0 v128) (local $b1 v128) (local $x v128)
    (local $c00 v128) (local $c01 v128) (local $c10 v128) (local $c11 v128)
    (local $c20 v128) (local $c21 v128) (local $c30 v128) (local $c31 v128)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $k) (i32.const 4))))
    (loop $next
      (local.set $b0 (v128.load (local.get $b)))
      (local.set $b1 (v128.load offset=16 (local.get $b)))
      (local.set $x (v128.load32_splat (local.get $a)))
      (local.set $c00 (f32x4.add (local.get $c00) (f32x4.mul (local.get $x) (local.get $b0))))
      (local.set $c01 (f32x4.add (local.get $c01) (f32x4.mul (local.get $x) (local.get $b1))))
      (local.set $x (v128.load32_splat offset=4 (local.get $a)))
      (local.set $c10 (f32x4.add (local.get $c10) (f32x4.mul (local.get $x) (local.get $b0))))
      (local.set $c11 (f32x4.add (local.get $c11) (f32x4.mul (local.get $x) (local.get $b1))))
      (local.set $x (v128.load32_splat offset=8 (local.get $a)))
      (local.set $c20 (f32x4.add (local.get $c20) (f32x4.mul (local.get $x) (local.get $b0))))
      (local.set $c21 (f32x4.add (local.get $c21) (f32x4.mul (local.get $x) (local.get $b1))))
      (local.set $x (v128.load32_splat offset=12 (local.get $a)))
      (local.set $c30 (f32x4.add (local.get $c30) (f32x4.mul (local.get $x) (local.get $b0))))
      (local.set $c31 (f32x4.add (local.get $c31) (f32x4.mul (local.get $x) (local.get $b1))))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (v128.store (local.get $c) (local.get $c00))
    (v128.store offset=16 (local.get $c) (local.get $c01))
    (local.set $c (i32.add (local.get $c) (local.get $row)))
    (v128.store (local.get $c) (local.get $c10))
    (v128.store offset=16 (local.get $c) (local.get $c11))
    (local.set $c (i32.add (local.get $c) (local.get $row)))
    (v128.store (local.get $c) (local.get $c20))
    (v128.store offset=16 (local.get $c) (local.get $c21))
    (local.set $c (i32.add (local.get $c) (local.get $row)))
    (v128.store (local.get $c) (local.get $c30))
    (v128.store offset=16 (local.get $c) (local.get $c31)))

  ;; Copies the part of a 4 x 8 tile that lies inside C.
  (func $copyEdge
    (param $tile i32) (param $c i32) (param $row i32) (param $rows i32) (param $columns i32)
    (local $r i32) (local $j i32)
    (if (i32.gt_u (local.get $rows) (i32.const 4)) (then (local.set $rows (i32.const 4))))
    (if (i32.gt_u (local.get $columns) (i32.const 8)) (then (local.set $columns (i32.const 8))))
    (loop $nextRow
      (local.set $j (i32.const 0))
      (loop $nextColumn
        (f32.store
          (i32.add (local.get $c) (i32.shl (local.get $j) (i32.const 2)))
          (f32.load (i32.add (local.get $tile) (i32.shl (local.get $j) (i32.const 2)))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $nextColumn (i32.lt_u (local.get $j) (local.get $columns))))
      (local.set $tile (i32.add (local.get $tile) (i32.const 32)))
      (local.set $c (i32.add (local.get $c) (local.get $row)))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $nextRow (i32.lt_u (local.get $r) (local.get $rows)))))

  ;; C (m x n, row-major) = A (m x k) * B (k x n). Element (i, p) of A stands at a + i * aRow + p * aStep, element (p, j) of B at
  ;; b + p * bStep + j * bColumn. `work` is room for one tile (128 bytes), one panel of B (32 * k) and all of A (16 * k for each 4 rows).
  (func $multiply (export "multiply")
    (param $a i32) (param $aRow i32) (param $aStep i32)
    (param $b i32) (param $bStep i32) (param $bColumn i32)
    (param $c i32) (param $m i32) (param $k i32) (param $n i32) (param $work i32)
    (local $i i32) (local $j i32) (local $at i32) (local $panelB i32) (local $panelsA i32) (local $row i32)
    (local.set $panelB (i32.add (local.get $work) (i32.const 128)))
    (local.set $panelsA (i32.add (local.get $panelB) (i32.shl (local.get $k) (i32.const 5))))
    (local.set $row (i32.shl (local.get $n) (i32.const 2)))
    (local.set $at (local.get $panelsA))
    (loop $nextRows
      (call $pack (local.get $at) (i32.const 16)
        (local.get $a) (local.get $aRow) (local.get $aStep)
        (local.get $i) (local.get $m) (local.get $k))
      (local.set $at (i32.add (local.get $at) (i32.shl (local.get $k) (i32.const 4))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $nextRows (i32.lt_u (local.get $i) (local.get $m))))
    (loop $nextColumns
      (call $pack (local.get $panelB) (i32.const 32)
        (local.get $b) (local.get $bColumn) (local.get $bStep)
        (local.get $j) (local.get $n) (local.get $k))
      (call $pack (i32.add (local.get $panelB) (i32.const 16)) (i32.const 32)
        (local.get $b) (local.get $bColumn) (local.get $bStep)
        (i32.add (local.get $j) (i32.const 4)) (local.get $n) (local.get $k))
      (local.set $i (i32.const 0))
      (loop $nextTile
        (local.set $at
          (i32.add (local.get $c)
            (i32.add (i32.mul (local.get $i) (local.get $row)) (i32.shl (local.get $j) (i32.const 2)))))
        (if (i32.or
              (i32.gt_u (i32.add (local.get $i) (i32.const 4)) (local.get $m))
              (i32.gt_u (i32.add (local.get $j) (i32.const 8)) (local.get $n)))
          (then
            (call $tile
              (i32.add (local.get $panelsA) (i32.shl (i32.mul (local.get $i) (local.get $k)) (i32.const 2)))
              (local.get $panelB) (local.get $k) (local.get $work) (i32.const 32))
            (call $copyEdge (local.get $work) (local.get $at) (local.get $row)
              (i32.sub (local.get $m) (local.get $i)) (i32.sub (local.get $n) (local.get $j))))
          (else
            (call $tile
              (i32.add (local.get $panelsA) (i32.shl (i32.mul (local.get $i) (local.get $k)) (i32.const 2)))
              (local.get $panelB) (local.get $k) (local.get $at) (local.get $row))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $nextTile (i32.lt_u (local.get $i) (local.get $m))))
      (local.set $j (i32.add (local.get $j) (i32.const 8)))
      (br_if $nextColumns (i32.lt_u (local.get $j) (local.get $n)))))

  ;; y = W * x for `rows` rows of `columns` values. Four rows share the loads of x; where there are fewer, the last one is repeated, and
  ;; y has room for four. Each lane sums every fourth product; lanes are added, then the products of columns that fill no vector.
  (func $multiplyVector (export "multiplyVector")
    (param $matrix i32) (param $x i32) (param $y i32) (param $rows i32) (param $columns i32)
    (local $stride i32) (local $last i32) (local $row i32) (local $at i32)
    (local $vectorsEnd i32) (local $xEnd i32) (local $yEnd i32)
    (local $row0 i32) (local $row1 i32) (local $row2 i32) (local $row3 i32)
    (local $values v128) (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local $y0 f32) (local $y1 f32) (local $y2 f32) (local $y3 f32)
    (local.set $stride (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $last
      (i32.add (local.get $matrix) (i32.mul (i32.sub (local.get $rows) (i32.const 1)) (local.get $stride))))
    (local.set $vectorsEnd (i32.add (local.get $x) (i32.and (local.get $stride) (i32.const -16))))
    (local.set $xEnd (i32.add (local.get $x) (local.get $stride)))
    (local.set $yEnd (i32.add (local.get $y) (i32.shl (local.get $rows) (i32.const 2))))
    (local.set $row (local.get $matrix))
    (loop $nextRows
      (local.set $row0 (local.get $row))
      (local.set $row1
        (select (i32.add (local.get $row0) (local.get $stride)) (local.get $last)
          (i32.lt_u (local.get $row0) (local.get $last))))
      (local.set $row2
        (select (i32.add (local.get $row1) (local.get $stride)) (local.get $last)
          (i32.lt_u (local.get $row1) (local.get $last))))
      (local.set $row3
        (select (i32.add (local.get $row2) (local.get $stride)) (local.get $last)
          (i32.lt_u (local.get $row2) (local.get $last))))
      (local.set $row (i32.add (local.get $row) (i32.shl (local.get $stride) (i32.const 2))))
      (local.set $sum0 (f32x4.splat (f32.const 0)))
      (local.set $sum1 (f32x4.splat (f32.const 0)))
      (local.set $sum2 (f32x4.splat (f32.const 0)))
      (local.set $sum3 (f32x4.splat (f32.const 0)))
      (local.set $at (local.get $x))
      (if (i32.lt_u (local.get $at) (local.get $vectorsEnd)) (then (loop $nextVector
        (local.set $values (v128.load (local.get $at)))
        (local.set $sum0
          (f32x4.add (local.get $sum0) (f32x4.mul (local.get $values) (v128.load (local.get $row0)))))
        (local.set $sum1
          (f32x4.add (local.get $sum1) (f32x4.mul (local.get $values) (v128.load (local.get $row1)))))
        (local.set $sum2
          (f32x4.add (local.get $sum2) (f32x4.mul (local.get $values) (v128.load (local.get $row2)))))
        (local.set $sum3
          (f32x4.add (local.get $sum3) (f32x4.mul (local.get $values) (v128.load (local.get $row3)))))
        (local.set $row0 (i32.add (local.get $row0) (i32.const 16)))
        (local.set $row1 (i32.add (local.get $row1) (i32.const 16)))
        (local.set $row2 (i32.add (local.get $row2) (i32.const 16)))
        (local.set $row3 (i32.add (local.get $row3) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $nextVector (i32.lt_u (local.get $at) (local.get $vectorsEnd))))))
      (local.set $y0
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $sum0)) (f32x4.extract_lane 1 (local.get $sum0)))
          (f32.add (f32x4.extract_lane 2 (local.get $sum0)) (f32x4.extract_lane 3 (local.get $sum0)))))
      (local.set $y1
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $sum1)) (f32x4.extract_lane 1 (local.get $sum1)))
          (f32.add (f32x4.extract_lane 2 (local.get $sum1)) (f32x4.extract_lane 3 (local.get $sum1)))))
      (local.set $y2
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $sum2)) (f32x4.extract_lane 1 (local.get $sum2)))
          (f32.add (f32x4.extract_lane 2 (local.get $sum2)) (f32x4.extract_lane 3 (local.get $sum2)))))
      (local.set $y3
        (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $sum3)) (f32x4.extract_lane 1 (local.get $sum3)))
          (f32.add (f32x4.extract_lane 2 (local.get $sum3)) (f32x4.extract_lane 3 (local.get $sum3)))))
      (if (i32.lt_u (local.get $at) (local.get $xEnd)) (then (loop $nextColumn
        (local.set $y0
          (f32.add (local.get $y0) (f32.mul (f32.load (local.get $at)) (f32.load (local.get $row0)))))
        (local.set $y1
          (f32.add (local.get $y1) (f32.mul (f32.load (local.get $at)) (f32.load (local.get $row1)))))
        (local.set $y2
          (f32.add (local.get $y2) (f32.mul (f32.load (local.get $at)) (f32.load (local.get $row2)))))
        (local.set $y3
          (f32.add (local.get $y3) (f32.mul (f32.load (local.get $at)) (f32.load (local.get $row3)))))
        (local.set $row0 (i32.add (local.get $row0) (i32.const 4)))
        (local.set $row1 (i32.add (local.get $row1) (i32.const 4)))
        (local.set $row2 (i32.add (local.get $row2) (i32.const 4)))
        (local.set $row3 (i32.add (local.get $row3) (i32.const 4)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $nextColumn (i32.lt_u (local.get $at) (local.get $xEnd))))))
      (f32.store (local.get $y) (local.get $y0))
      (f32.store offset=4 (local.get $y) (local.get $y1))
      (f32.store offset=8 (local.get $y) (local.get $y2))
      (f32.store offset=12 (local.get $y) (local.get $y3))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (br_if $nextRows (i32.lt_u (local.get $y) (local.get $yEnd)))))

  ;; One step of AdamW over `bytes` of each array, a multiple of 16: gradients are multiplied by `shrink`, parameters by `decay`, and move by
  ;; rate * moment / (correction * sqrt(square) + 1e-8).
  (func $adamW (export "adamW")
    (param $parameters i32) (param $gradients i32) (param $moments i32) (param $squares i32) (param $bytes i32)
    (param $shrink f32) (param $decay f32) (param $rate f32) (param $correction f32)
    (local $end i32) (local $gradient v128) (local $moment v128) (local $square v128)
    (local.set $end (i32.add (local.get $parameters) (local.get $bytes)))
    (loop $next
      (local.set $gradient
        (f32x4.mul (f32x4.splat (local.get $shrink)) (v128.load (local.get $gradients))))
      (local.set $moment
        (f32x4.add
          (f32x4.mul (f32x4.splat (f32.const 0.9)) (v128.load (local.get $moments)))
          (f32x4.mul (f32x4.splat (f32.const 0.1)) (local.get $gradient))))
      (local.set $square
        (f32x4.add
          (f32x4.mul (f32x4.splat (f32.const 0.999)) (v128.load (local.get $squares)))
          (f32x4.mul (f32x4.splat (f32.const 0.001)) (f32x4.mul (local.get $gradient) (local.get $gradient)))))
      (v128.store (local.get $moments) (local.get $moment))
      (v128.store (local.get $squares) (local.get $square))
      (v128.store (local.get $parameters)
        (f32x4.sub
          (f32x4.mul (f32x4.splat (local.get $decay)) (v128.load (local.get $parameters)))
          (f32x4.div
            (f32x4.mul (f32x4.splat (local.get $rate)) (local.get $moment))
            (f32x4.add
              (f32x4.mul (f32x4.splat (local.get $correction)) (f32x4.sqrt (local.get $square)))
              (f32x4.splat (f32.const 1e-8))))))
      (local.set $gradients (i32.add (local.get $gradients) (i32.const 16)))
      (local.set $moments (i32.add (local.get $moments) (i32.const 16)))
      (local.set $squares (i32.add (local.get $squares) (i32.const 16)))
      (local.set $parameters (i32.add (local.get $parameters) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $parameters) (local.get $end))))))
