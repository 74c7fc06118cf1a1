(* Identities of matrices of any sizes, checked by computation.

   An expression of matrices is read as one of letters (`expr`), which acts on vectors. Written out
   as a sum of words (`written`), the letters not commuting, it is compared word by word.
   Coefficients are polynomials in named scalars with integers and powers of h = 1/D. That inverses are inverses,
   traces may be begun anywhere and sums over agents moved is not known here: such facts are added
   to the two sides as expressions that are zero. *)
From mathcomp Require Import all_ssreflect all_algebra ring.
Set Implicit Arguments.
Unset Strict Implicit.
Import GRing.Theory.
Local Open Scope ring_scope.

(* z h^k and the scalars of these numbers *)
Definition mono := (int * nat * seq nat)%type.
Definition coef := seq mono.
Definition minus : coef := [:: (-1, 0%N, [::])].

(* A letter has a number and the agents, counted from the innermost sum, that it belongs to. *)
Inductive word := Nil | Let of nat & seq nat & word | Sum of word & word.
Inductive expr := ELet of nat & seq nat | EOne | EAdd of expr & expr | EScale of coef & expr
  | EMul of expr & expr | ESum of expr.
(* A trace has a size, with its agents. *)
Inductive scal := STr of nat & seq nat & expr | SLet of nat & seq nat | SAdd of scal & scal
  | SScale of coef & scal | SSum of scal.
Inductive sword := TTr of nat & seq nat & word | TLet of nat & seq nat | TSum of sword.

Fixpoint same u v := match u, v with
  | Nil, Nil => true
  | Let k a u, Let l b v => [&& k == l, a == b & same u v]
  | Sum a u, Sum b v => same a b && same u v
  | _, _ => false end.
Fixpoint ssame s t := match s, t with
  | TTr k a u, TTr l b v => [&& k == l, a == b & same u v]
  | TLet k a, TLet l b => (k == l) && (a == b)
  | TSum s, TSum t => ssame s t
  | _, _ => false end.
Lemma sameP u v : same u v -> u = v.
Proof.
elim: u v => [|k a u ih|a iha u ih] [|l b v|b v] //=.
  by case/and3P=> /eqP-> /eqP-> /ih->.
by case/andP=> /iha-> /ih->.
Qed.
Lemma ssameP s t : ssame s t -> s = t.
Proof.
elim: s t => [k a u|k a|s ih] [l b v|l b|t] //=.
- by case/and3P=> /eqP-> /eqP-> /sameP->.
- by case/andP=> /eqP-> /eqP->.
by move/ih->.
Qed.

Section Coefficients.
Variable D : nat.
Definition timesm (m n : mono) : mono := (m.1.1 * n.1.1, (m.1.2 + n.1.2)%N, sort leq (m.2 ++ n.2)).
Definition timesc (c d : coef) : coef := [seq timesm m n | m <- c, n <- d].
Definition plusm (m n : mono) : mono :=
  if (m.1.2 <= n.1.2)%N then (m.1.1 * D%:R ^+ (n.1.2 - m.1.2) + n.1.1, n.1.2, n.2)
  else (m.1.1 + n.1.1 * D%:R ^+ (m.1.2 - n.1.2), m.1.2, n.2).
Fixpoint addm (m : mono) (c : coef) : coef := if c is n :: d then
  if m.2 == n.2 then plusm m n :: d else n :: addm m d else [:: m].
Definition is0 (c : coef) := all (fun m => m.1.1 == 0) c.

Variables (W : Type) (eqw : W -> W -> bool).
Fixpoint insert (c : coef) (w : W) (p : seq (coef * W)) := if p is (d, u) :: q then
  if eqw w u then (foldr addm d c, u) :: q else (d, u) :: insert c w q else [:: (foldr addm [::] c, w)].
Definition left_over (p : seq (coef * W)) :=
  [seq t.1 | t <- foldr (fun t => insert t.1 t.2) [::] p & ~~ is0 t.1].
Definition scale c (p : seq (coef * W)) := [seq (timesc c t.1, t.2) | t <- p].
End Coefficients.

Definition one : coef := [:: (1, 0%N, [::])].
Fixpoint written e w : seq (coef * word) := match e with
  | ELet k a => [:: (one, Let k a w)]
  | EOne => [:: (one, w)]
  | EAdd a b => written a w ++ written b w
  | EScale c a => scale c (written a w)
  | EMul a b => flatten [seq scale t.1 (written a t.2) | t <- written b w]
  | ESum a => [seq (t.1, Sum t.2 w) | t <- written a Nil] end.
Fixpoint swritten s : seq (coef * sword) := match s with
  | STr k a e => [seq (t.1, TTr k a t.2) | t <- written e Nil]
  | SLet k a => [:: (one, TLet k a)]
  | SAdd s t => swritten s ++ swritten t
  | SScale c s => scale c (swritten s)
  | SSum s => [seq (t.1, TSum t.2) | t <- swritten s] end.

Section Meaning.
Variable F : fieldType.
Record any := Any {rows : nat; cols : nat; it : 'M[F]_(rows, cols)}.
Record meaning := Meaning {agents : nat; D : nat; h : F; Dh : D%:R * h = 1; scalar : nat -> F;
  letter : nat -> seq nat -> any; size : nat -> seq nat -> nat; number : nat -> seq nat -> F}.
Variable K : meaning.
Implicit Types (v : seq nat) (y : nat -> F).
Notation at_ v a := [seq nth 0%N v k | k <- a].

Definition app (A : any) y (i : nat) : F :=
  if insub i is Some i then \sum_(k < cols A) it A i k * y k else 0.
Definition mev (m : mono) : F := m.1.1%:~R * h K ^+ m.1.2 * \prod_(x <- m.2) scalar K x.
Definition cev (c : coef) : F := \sum_(m <- c) mev m.
Fixpoint wev v w y : nat -> F := match w with
  | Nil => y
  | Let k a w => app (letter K k (at_ v a)) (wev v w y)
  | Sum u w => fun i => \sum_(j < agents K) wev (val j :: v) u (wev v w y) i end.
Fixpoint ev v e y : nat -> F := match e with
  | ELet k a => app (letter K k (at_ v a)) y
  | EOne => y
  | EAdd a b => fun i => ev v a y i + ev v b y i
  | EScale c a => fun i => cev c * ev v a y i
  | EMul a b => ev v a (ev v b y)
  | ESum e => fun i => \sum_(j < agents K) ev (val j :: v) e y i end.
Definition unit_at i (k : nat) : F := (k == i)%:R.
Fixpoint sev v s : F := match s with
  | STr k a e => \sum_(i < size K k (at_ v a)) ev v e (unit_at i) i
  | SLet k a => number K k (at_ v a)
  | SAdd s t => sev v s + sev v t
  | SScale c s => cev c * sev v s
  | SSum s => \sum_(j < agents K) sev (val j :: v) s end.
Fixpoint tev v t : F := match t with
  | TTr k a w => \sum_(i < size K k (at_ v a)) wev v w (unit_at i) i
  | TLet k a => number K k (at_ v a)
  | TSum s => \sum_(j < agents K) tev (val j :: v) s end.
Definition pev W (f : W -> F) (p : seq (coef * W)) := \sum_(t <- p) cev t.1 * f t.2.

Lemma mevM m n : mev (timesm m n) = mev m * mev n.
Proof.
rewrite /mev /= rmorphM exprD (perm_big (m.2 ++ n.2)) ?perm_sort // big_cat /=.
by rewrite [RHS]mulrACA; congr (_ * _); rewrite mulrACA.
Qed.
Lemma cevM c d : cev (timesc c d) = cev c * cev d.
Proof.
rewrite /cev /timesc big_allpairs_dep /= mulr_suml; apply: eq_bigr => m _.
by rewrite mulr_sumr; apply: eq_bigr => n _; rewrite mevM.
Qed.
Lemma higher (z : int) k l : (k <= l)%N -> (z * (D K)%:R ^+ (l - k))%:~R * h K ^+ l = z%:~R * h K ^+ k.
Proof.
move=> kl; rewrite rmorphM rmorphX /= rmorph_nat -{2}(subnK kl) exprD -!mulrA; congr (_ * _).
by rewrite mulrA -exprMn Dh expr1n mul1r.
Qed.
Lemma mevD m n : m.2 == n.2 -> mev (plusm (D K) m n) = mev m + mev n.
Proof.
move/eqP=> e; rewrite /mev /plusm e; case: leqP => [|/ltnW] kl /=; rewrite rmorphD 2!mulrDl.
  by rewrite higher.
by rewrite higher.
Qed.
Lemma cev_addm m c : cev (addm (D K) m c) = mev m + cev c.
Proof.
elim: c => [|n c ih] /=; first by rewrite /cev big_seq1 big_nil addr0.
case: ifP => e; rewrite /cev !big_cons.
  by rewrite mevD // addrA.
by rewrite -/(cev _) ih /cev addrCA.
Qed.
Lemma cevD c d : cev (foldr (addm (D K)) d c) = cev c + cev d.
Proof.
elim: c => [|m c ih] /=; first by rewrite /cev big_nil add0r.
by rewrite cev_addm ih /cev big_cons addrA.
Qed.
Lemma cev0 : cev [::] = 0.
Proof. exact: big_nil. Qed.
Lemma cev1 : cev one = 1.
Proof. by rewrite /cev big_seq1 /mev big_nil !mulr1. Qed.
Lemma cevN : cev minus = -1.
Proof. by rewrite /cev big_seq1 /mev big_nil !mulr1. Qed.
Lemma is0P c : is0 c -> cev c = 0.
Proof.
rewrite /cev; elim: c => [|m c ih] /=; first by rewrite big_nil.
by case/andP=> /eqP z /ih e; rewrite big_cons e /mev z !mul0r addr0.
Qed.
Fixpoint vanish (r : seq coef) : Prop := if r is c :: r then cev c = 0 /\ vanish r else True.
Section Sums.
Variables (W : Type) (eqw : W -> W -> bool) (f : W -> F).
Hypothesis eqwP : forall s t, eqw s t -> s = t.
Lemma pev_insert c w p : pev f (insert (D K) eqw c w p) = cev c * f w + pev f p.
Proof.
elim: p => [|[d u] p ih] /=; first by rewrite /pev big_seq1 big_nil addr0 /= cevD cev0 addr0.
case: ifP => [/eqwP->|_]; rewrite /pev !big_cons /=.
  by rewrite cevD mulrDl addrA.
by rewrite -/(pev _ _) ih /pev addrCA.
Qed.
Lemma zeroP p r : left_over (D K) eqw p = r -> vanish r -> pev f p = 0.
Proof.
have -> : pev f p = pev f (foldr (fun t => insert (D K) eqw t.1 t.2) [::] p).
  elim: p => [|[c w] p ih] //=.
  by rewrite pev_insert -ih /pev big_cons.
move=> <-; rewrite /left_over; move: (foldr _ _ _) => q; rewrite /pev.
elim: q => [|t q ih] /=; first by rewrite big_nil.
case: ifP => [_ [h /ih e]|/negbFE/is0P h e]; rewrite big_cons h mul0r add0r //.
exact: ih.
Qed.
Lemma pev_scale c p : pev f (scale c p) = cev c * pev f p.
Proof. by rewrite /pev big_map mulr_sumr; apply: eq_bigr => t _; rewrite cevM mulrA. Qed.
Lemma pev_cat p q : pev f (p ++ q) = pev f p + pev f q.
Proof. exact: big_cat. Qed.
End Sums.

Lemma app_lin (A : any) T (s : seq T) (c : T -> F) z y :
  (forall k, y k = \sum_(t <- s) c t * z t k) -> forall i, app A y i = \sum_(t <- s) c t * app A (z t) i.
Proof.
move=> e i; rewrite /app; case: (insub i) => [{}i|]; last by rewrite big1 // => t _; rewrite mulr0.
rewrite (eq_bigr (fun k : 'I_(cols A) => \sum_(t <- s) c t * (it A i k * z t k))).
  by rewrite exchange_big /=; apply: eq_bigr => t _; rewrite mulr_sumr.
by move=> k _; rewrite e mulr_sumr; apply: eq_bigr => t _; rewrite mulrCA.
Qed.
Lemma ev_lin e v T (s : seq T) (c : T -> F) z y : (forall k, y k = \sum_(t <- s) c t * z t k) ->
  forall i, ev v e y i = \sum_(t <- s) c t * ev v e (z t) i.
Proof.
elim: e v z y => [k a|//|a iha b ihb|d a ih|a iha b ihb|a ih] v z y e i /=.
- exact: app_lin.
- by rewrite (iha v z) // (ihb v z) // -big_split /=; apply: eq_bigr => t _; rewrite mulrDr.
- by rewrite (ih v z) // mulr_sumr; apply: eq_bigr => t _; rewrite mulrCA.
- by apply: iha => k; apply: ihb.
rewrite (eq_bigr (fun j : 'I_(agents K) => \sum_(t <- s) c t * ev (val j :: v) a (z t) i)).
  by rewrite exchange_big /=; apply: eq_bigr => t _; rewrite mulr_sumr.
by move=> j _; apply: ih.
Qed.
Lemma writtenP e v w y i : ev v e (wev v w y) i = pev (fun u => wev v u y i) (written e w).
Proof.
elim: e v w y i => [k a|//|a iha b ihb|d a ih|a iha b ihb|a ih] v w y i /=.
- by rewrite /pev big_seq1 cev1 mul1r.
- by rewrite /pev big_seq1 cev1 mul1r.
- by rewrite pev_cat iha ihb.
- by rewrite pev_scale ih.
- rewrite /pev big_flatten big_map /=.
  rewrite (ev_lin a v (z := fun t : coef * word => wev v t.2 y) (fun k => ihb v w y k)).
  by apply: eq_bigr => t _; rewrite iha -pev_scale.
rewrite /pev big_map /=.
rewrite (eq_bigr (fun j : 'I_(agents K) => \sum_(t <- written a Nil)
    cev t.1 * wev (val j :: v) t.2 (wev v w y) i)).
  by rewrite exchange_big /=; apply: eq_bigr => t _; rewrite mulr_sumr.
by move=> j _; rewrite -[wev v w y]/(wev (val j :: v) Nil (wev v w y)) ih.
Qed.
Lemma swrittenP s v : sev v s = pev (tev v) (swritten s).
Proof.
elim: s v => [k a e|k a|s ihs t iht|c s ih|s ih] v /=.
- rewrite /pev big_map (eq_bigr (fun i : 'I__ => \sum_(t <- written e Nil)
    cev t.1 * wev v t.2 (unit_at i) i)).
    by rewrite exchange_big /=; apply: eq_bigr => t _; rewrite mulr_sumr.
  by move=> i _; apply: (writtenP e v Nil).
- by rewrite /pev big_seq1 cev1 mul1r.
- by rewrite pev_cat ihs iht.
- by rewrite pev_scale ih.
rewrite /pev big_map (eq_bigr _ (fun (j : 'I_(agents K)) _ => ih (val j :: v))) /pev exchange_big /=.
by apply: eq_bigr => t _; rewrite mulr_sumr.
Qed.

(* What an expression stands for, and what it is read as. *)
Definition ok v m n (A : 'M[F]_(m, n)) e :=
  forall y (i : 'I_m), ev v e y i = \sum_(k < n) A i k * y k.
Definition oks v (f : F) s := sev v s = f.

Lemma mx_eq d c v m n (L R : 'M[F]_(m, n)) l r z : D K = d -> ok v L l -> ok v R r -> ok v (0 : 'M[F]_(m, n)) z ->
  left_over d same (written (EAdd l (EAdd (EScale minus r) z)) Nil) = c -> vanish c -> L = R.
Proof.
move=> <- hl hr hz /zeroP e0 /e0 {}e0; apply/matrixP=> i j.
have e (A : 'M[F]_(m, n)) a : ok v A a -> A i j = ev v a (unit_at j) i.
  move=> ->; rewrite (bigD1 j) //= /unit_at eqxx mulr1 big1 ?addr0 // => k /negbTE kj.
  by rewrite val_eqE kj mulr0.
have := writtenP (EAdd l (EAdd (EScale minus r) z)) v Nil (unit_at j) i.
rewrite e0; last exact: sameP.
rewrite /= -(e _ _ hl) -(e _ _ hr) -(e _ _ hz) mxE addr0 cevN mulN1r.
by move/eqP; rewrite subr_eq0 => /eqP.
Qed.
Lemma sc_eq d c v f g l r z : D K = d -> oks v f l -> oks v g r -> oks v 0 z ->
  left_over d ssame (swritten (SAdd l (SAdd (SScale minus r) z))) = c -> vanish c -> f = g.
Proof.
move=> <- hl hr hz /zeroP e0 /e0 {}e0; have := swrittenP (SAdd l (SAdd (SScale minus r) z)) v.
rewrite e0; last exact: ssameP.
rewrite /= hl hr hz addr0 cevN mulN1r.
by move/eqP; rewrite subr_eq0 => /eqP.
Qed.

Lemma okL v k a m n (A : 'M[F]_(m, n)) : letter K k (at_ v a) = Any A -> ok v A (ELet k a).
Proof. by move=> e y i /=; rewrite e /app /= valK. Qed.
Lemma ok1 v n : ok v (1%:M : 'M[F]_n) EOne.
Proof.
move=> y i /=; rewrite (bigD1 i) //= mxE eqxx mul1r big1 ?addr0 // => k ki.
by rewrite mxE eq_sym (negbTE ki) mul0r.
Qed.
Lemma ok0 v m n : ok v (0 : 'M[F]_(m, n)) (EScale [::] EOne).
Proof. by move=> y i /=; rewrite cev0 mul0r big1 // => k _; rewrite mxE mul0r. Qed.
Section Operations.
Variables (v : seq nat) (m n p : nat).
Lemma okD (A B : 'M[F]_(m, n)) a b : ok v A a -> ok v B b -> ok v (A + B) (EAdd a b).
Proof.
by move=> ha hb y i /=; rewrite ha hb -big_split; apply: eq_bigr => k _; rewrite mxE mulrDl.
Qed.
Lemma okZ c d (A : 'M[F]_(m, n)) a : c = cev d -> ok v A a -> ok v (c *: A) (EScale d a).
Proof.
by move=> -> h y i /=; rewrite h mulr_sumr; apply: eq_bigr => k _; rewrite mxE mulrA.
Qed.
Lemma okM (A : 'M[F]_(m, n)) (B : 'M[F]_(n, p)) a b :
  ok v A a -> ok v B b -> ok v (A *m B) (EMul a b).
Proof.
move=> ha hb y i /=; rewrite ha.
rewrite (eq_bigr (fun k => \sum_(l < p) A i k * B k l * y l)); last first.
  by move=> k _; rewrite hb mulr_sumr; apply: eq_bigr => l _; rewrite mulrA.
by rewrite exchange_big /=; apply: eq_bigr => l _; rewrite mxE mulr_suml.
Qed.
Lemma okS (A : 'I_(agents K) -> 'M[F]_(m, n)) a :
  (forall j : 'I_(agents K), ok (val j :: v) (A j) a) -> ok v (\sum_(j < agents K) A j) (ESum a).
Proof.
move=> h y i /=.
rewrite (eq_bigr _ (fun j _ => h j y i)) exchange_big /=; apply: eq_bigr => k _.
by rewrite summxE mulr_suml.
Qed.
Lemma ok_is (A B : 'M[F]_(m, n)) a : B = A -> ok v A a -> ok v B a.
Proof. by move->. Qed.
End Operations.

(* Transposes are read down to the letters. *)
Section Transposes.
Variables (v : seq nat) (m n p : nat).
Lemma okTD (A B : 'M[F]_(m, n)) a b : ok v A^T a -> ok v B^T b -> ok v (A + B)^T (EAdd a b).
Proof. by rewrite linearD; apply: okD. Qed.
Lemma okTZ c d (A : 'M[F]_(m, n)) a : c = cev d -> ok v A^T a -> ok v (c *: A)^T (EScale d a).
Proof. by rewrite linearZ; apply: okZ. Qed.
Lemma okTM (A : 'M[F]_(m, n)) (B : 'M[F]_(n, p)) a b :
  ok v A^T a -> ok v B^T b -> ok v (A *m B)^T (EMul b a).
Proof. by rewrite trmx_mul => ha hb; apply: okM. Qed.
Lemma okTS (A : 'I_(agents K) -> 'M[F]_(m, n)) a :
  (forall j : 'I_(agents K), ok (val j :: v) (A j)^T a) -> ok v (\sum_(j < agents K) A j)^T (ESum a).
Proof. by move=> h; rewrite linear_sum; apply: okS. Qed.
Lemma okTT (A : 'M[F]_(m, n)) a : ok v A a -> ok v A^T^T a.
Proof. by rewrite trmxK. Qed.
Lemma okT1 : ok v (1%:M : 'M[F]_n)^T EOne.
Proof. by rewrite trmx1; apply: ok1. Qed.
Lemma okT0 : ok v (0 : 'M[F]_(m, n))^T (EScale [::] EOne).
Proof. by rewrite trmx0; apply: ok0. Qed.

(* Expressions that are zero. *)
Notation Z := (fun m n e => ok v (0 : 'M[F]_(m, n)) e).
Definition less a b := EAdd a (EScale minus b).
Definition sless s t := SAdd s (SScale minus t).
Lemma zD a b : ok v (0 : 'M[F]_(m, n)) a -> ok v (0 : 'M[F]_(m, n)) b ->
  ok v (0 : 'M[F]_(m, n)) (EAdd a b).
Proof. by move=> ha hb; rewrite -[0]addr0; apply: okD. Qed.
Lemma zZ d a : ok v (0 : 'M[F]_(m, n)) a -> ok v (0 : 'M[F]_(m, n)) (EScale d a).
Proof. by move=> h; rewrite -(scaler0 _ (cev d)); apply: okZ. Qed.
Lemma zL (A : 'M[F]_(m, n)) a b :
  ok v A a -> ok v (0 : 'M[F]_(n, p)) b -> ok v (0 : 'M[F]_(m, p)) (EMul a b).
Proof. by move=> ha hb; rewrite -(mulmx0 _ A); apply: okM. Qed.
Lemma zR (B : 'M[F]_(n, p)) a b :
  ok v (0 : 'M[F]_(m, n)) a -> ok v B b -> ok v (0 : 'M[F]_(m, p)) (EMul a b).
Proof. by move=> ha hb; rewrite -(mul0mx _ B); apply: okM. Qed.
Lemma z_is (A B : 'M[F]_(m, n)) a b : A = B -> ok v A a -> ok v B b ->
  ok v (0 : 'M[F]_(m, n)) (less a b).
Proof.
move=> -> ha hb; rewrite -(subrr B) -scaleN1r; apply: okD => //.
by apply: okZ => //; rewrite cevN.
Qed.
End Transposes.

Section Scalars.
Variable v : seq nat.
Lemma okt k a n (A : 'M[F]_n) e : size K k (at_ v a) = n -> ok v A e -> oks v (\tr A) (STr k a e).
Proof.
move=> en h; rewrite /oks /= en; apply: eq_bigr => i _.
rewrite h (bigD1 i) //= /unit_at eqxx mulr1 big1 ?addr0 // => l /negbTE li.
by rewrite val_eqE li mulr0.
Qed.
Lemma okn k a f : number K k (at_ v a) = f -> oks v f (SLet k a).
Proof. by []. Qed.
Lemma oksD f g s t : oks v f s -> oks v g t -> oks v (f + g) (SAdd s t).
Proof. by move=> <- <-. Qed.
Lemma oksZ c d f s : c = cev d -> oks v f s -> oks v (c * f) (SScale d s).
Proof. by move=> -> <-. Qed.
Lemma oksS (f : 'I_(agents K) -> F) s : (forall j : 'I_(agents K), oks (val j :: v) (f j) s) ->
  oks v (\sum_(j < agents K) f j) (SSum s).
Proof. by move=> h; apply: eq_bigr => j _; apply: h. Qed.
Lemma oks0 : oks v 0 (SScale [::] (SLet 0 [::])).
Proof. by rewrite /oks /= cev0 mul0r. Qed.
Lemma szD s t : oks v 0 s -> oks v 0 t -> oks v 0 (SAdd s t).
Proof. by rewrite /oks /= => -> ->; rewrite addr0. Qed.
Lemma szZ d s : oks v 0 s -> oks v 0 (SScale d s).
Proof. by rewrite /oks /= => ->; rewrite mulr0. Qed.
Lemma szS s : (forall j : 'I_(agents K), oks (val j :: v) 0 s) -> oks v 0 (SSum s).
Proof. by move=> h; apply: big1 => j _; apply: h. Qed.
Lemma sz_is f g s t : f = g -> oks v f s -> oks v g t -> oks v 0 (sless s t).
Proof. by move=> e hs ht; rewrite /oks /= hs ht e cevN mulN1r subrr. Qed.
Lemma sz_tr k a n e : size K k (at_ v a) = n -> ok v (0 : 'M[F]_n) e -> oks v 0 (STr k a e).
Proof. by move=> en h; rewrite -(mxtrace0 _ n); apply: okt. Qed.
Lemma sz_turn k a l b m n (A : 'M[F]_(m, n)) (B : 'M[F]_(n, m)) x z :
  size K k (at_ v a) = m -> size K l (at_ v b) = n -> ok v A x -> ok v B z ->
  oks v 0 (sless (STr k a (EMul x z)) (STr l b (EMul z x))).
Proof.
move=> em en hA hB; apply: (sz_is (mxtrace_mulC A B)).
  by apply: okt => //; apply: okM.
by apply: okt => //; apply: okM.
Qed.
Lemma sz_transpose k a n (A : 'M[F]_n) x z : size K k (at_ v a) = n -> ok v A x -> ok v A^T z ->
  oks v 0 (sless (STr k a x) (STr k a z)).
Proof. by move=> en hx hy; apply: (sz_is (esym (mxtrace_tr A))); apply: okt. Qed.
End Scalars.
Lemma sz_pull v k a a' m n q (P : 'M[F]_(m, n)) (X : 'I_(agents K) -> 'M[F]_(n, q))
  (S : 'M[F]_(q, m)) p p' x s s' :
  size K k (at_ v a) = m -> (forall j : 'I_(agents K), size K k (at_ (val j :: v) a') = m) ->
  ok v P p -> (forall j : 'I_(agents K), ok (val j :: v) P p') ->
  (forall j : 'I_(agents K), ok (val j :: v) (X j) x) ->
  ok v S s -> (forall j : 'I_(agents K), ok (val j :: v) S s') ->
  oks v 0 (sless (STr k a (EMul p (EMul (ESum x) s))) (SSum (STr k a' (EMul p' (EMul x s'))))).
Proof.
move=> em em' hp hp' hx hs hs'.
apply: (sz_is (f := \tr (P *m ((\sum_(j < agents K) X j) *m S))) (g := \sum_(j < agents K) \tr (P *m (X j *m S)))).
- by rewrite mulmx_suml mulmx_sumr raddf_sum.
- by apply: okt => //; do 2![apply: okM => //]; apply: okS.
by apply: oksS => j; apply: okt => //; do 2![apply: okM => //].
Qed.
Lemma sz_const v d f s s' : (agents K)%:R = cev d -> oks v f s ->
  (forall j : 'I_(agents K), oks (val j :: v) f s') -> oks v 0 (sless (SSum s') (SScale d s)).
Proof.
move=> e h h'; apply: (sz_is (f := \sum_(j < agents K) f) (g := (agents K)%:R * f)).
- by rewrite sumr_const card_ord mulr_natl.
- exact: oksS.
exact: oksZ.
Qed.
Lemma sz_swap v (f : 'I_(agents K) -> 'I_(agents K) -> F) s t :
  (forall i j : 'I_(agents K), oks [:: val j, val i & v] (f i j) s) ->
  (forall j i : 'I_(agents K), oks [:: val i, val j & v] (f i j) t) ->
  oks v 0 (sless (SSum (SSum s)) (SSum (SSum t))).
Proof.
move=> hs ht; apply: (sz_is (exchange_big _ _ _ _ _ f)).
  by apply: oksS => i; apply: oksS => j.
by apply: oksS => j; apply: oksS => i.
Qed.
Lemma sz_size v k a l d n : size K k (at_ v a) = n -> size K l [::] = 1%N -> n%:R = cev d ->
  oks v 0 (sless (STr k a EOne) (SScale d (STr l [::] EOne))).
Proof.
move=> en e1 e; apply: (sz_is (mxtrace1 F n)).
  by apply: okt => //; apply: ok1.
rewrite -[n%:R]mulr1; apply: oksZ => //; apply: etrans (mxtrace1 F 1).
by apply: okt => //; apply: ok1.
Qed.
End Meaning.

(* Inverses, and logarithms of determinants: lg turns products into sums. *)
Section Letters.
Variable F : fieldType.
Lemma symmetric n (a Y : 'M[F]_n) : a^T = a -> Y *m a = 1%:M -> a *m Y = 1%:M -> Y^T = Y.
Proof.
move=> sa l r; rewrite -[Y^T]mulmx1 -r mulmxA -{1}sa -trmx_mul r trmx1.
by rewrite mul1mx.
Qed.
Lemma cancel_left m n (a Y : 'M[F]_m) (L R : 'M[F]_(m, n)) :
  Y *m a = 1%:M -> a *m L = a *m R -> L = R.
Proof. by move=> l e; rewrite -[L]mul1mx -[R]mul1mx -l -!mulmxA e. Qed.
Lemma unit_1 n : (1%:M : 'M[F]_n) \in unitmx.
Proof. exact: unitmx1. Qed.
Lemma unit_T n (A : 'M[F]_n) : A \in unitmx -> A^T \in unitmx.
Proof. by rewrite unitmx_tr. Qed.
Lemma unit_V n (A : 'M[F]_n) : A \in unitmx -> invmx A \in unitmx.
Proof. by rewrite unitmx_inv. Qed.
Lemma unit_M n (A B : 'M[F]_n) : A \in unitmx -> B \in unitmx -> A *m B \in unitmx.
Proof. by rewrite unitmx_mul => -> ->. Qed.
Lemma cancel_right m n (a Y : 'M[F]_n) (L R : 'M[F]_(m, n)) :
  a *m Y = 1%:M -> L *m a = R *m a -> L = R.
Proof. by move=> r e; rewrite -[L]mulmx1 -[R]mulmx1 -r !mulmxA e. Qed.

Variable lg : F -> F.
Hypothesis lgM : forall x y, x != 0 -> y != 0 -> lg (x * y) = lg x + lg y.
Lemma log1 : lg 1 = 0.
Proof.
have h := lgM (oner_neq0 F) (oner_neq0 F).
by rewrite mulr1 in h; apply: (@addrI _ (lg 1)); rewrite addr0 -h.
Qed.
Lemma log_power n x : x != 0 -> lg (x ^+ n) = n%:R * lg x.
Proof.
move=> h; elim: n => [|n ih]; first by rewrite expr0 log1 mul0r.
by rewrite exprS lgM ?expf_neq0 // ih -addn1 natrD mulrDl mul1r addrC.
Qed.
Lemma log_over x : x != 0 -> lg x^-1 = - lg x.
Proof. by move=> h; apply/eqP; rewrite -addr_eq0 -lgM ?invr_neq0 // mulVf // log1. Qed.
Lemma log_one n : lg (\det (1%:M : 'M[F]_n)) = 0.
Proof. by rewrite det1 log1. Qed.
Lemma log_scale n c (A : 'M[F]_n) :
  c != 0 -> A \in unitmx -> lg (\det (c *: A)) = n%:R * lg c + lg (\det A).
Proof.
move=> h u; rewrite detZ lgM ?expf_neq0 ?log_power //.
by move: u; rewrite unitmxE unitfE.
Qed.
Lemma log_times n (A B : 'M[F]_n) :
  A \in unitmx -> B \in unitmx -> lg (\det (A *m B)) = lg (\det A) + lg (\det B).
Proof. by rewrite !unitmxE !unitfE => a b; rewrite det_mulmx lgM. Qed.
Lemma log_inverse n (A : 'M[F]_n) : A \in unitmx -> lg (\det (invmx A)) = - lg (\det A).
Proof. by rewrite unitmxE unitfE => a; rewrite det_inv log_over. Qed.
Lemma log_turned n (A : 'M[F]_n) : lg (\det A^T) = lg (\det A).
Proof. by rewrite det_tr. Qed.
End Letters.
Arguments okL [F] K v k a [m n] A _.
Arguments ok1 [F] K v n.
Arguments ok0 [F] K v m n.
Arguments okT1 [F] K v n.
Arguments okT0 [F] K v m n.
Arguments okn [F] K v k a f _.
Arguments oks0 [F] K v.
Arguments okS [F] K [v m n A a] _.
Arguments okTS [F] K [v m n A a] _.
Arguments oksS [F] K [v f s] _.
Arguments szS [F] K [v s] _.
Arguments okt [F] K v k a [n A e] _ _.
Arguments sz_tr [F] K v k a [n e] _ _.
Arguments sz_turn [F] K v k a l b [m n A B x z] _ _ _ _.
Arguments sz_transpose [F] K v k a [n A x z] _ _ _.
Arguments sz_pull [F] K v k a a' [m n q P X S p p' x s s'] _ _ _ _ _ _ _.
Arguments sz_const [F] K [v d f s s'] _ _ _.
Arguments sz_swap [F] K [v f s t] _ _.
Arguments sz_size [F] K v k a l [d n] _ _ _.
(* By computation that nothing is left over, or nothing but coefficients that are 0. *)
Ltac computed := vm_cast_no_check (@erefl (seq coef) [::]).
Ltac ratio := first [done | field; repeat (apply/andP; split); assumption | ring].
Ltac coefficient :=
  rewrite ?(natrM, natrD) /cev ?big_cons big_nil /mev /= ?(big_cons, big_nil) /=; ratio.
Definition nonzero := (mulf_neq0, invr_neq0, oner_neq0).
Ltac computed_but := match goal with |- ?x = ?y =>
  let r := eval vm_compute in x in unify y r; vm_cast_no_check (@erefl (seq coef) r) end.
Ltac vanished := cbn [vanish]; repeat match goal with |- _ /\ _ => split; first coefficient end; exact I.
