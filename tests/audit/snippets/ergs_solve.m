function ergs_solve(game_file, solution_file)
  % K_1, Sigma_1, ... of the Nash equilibrium, the time axis last
  % ergs-verify audit --format mat --command "octave-cli --eval \"ergs_solve('{game}', '{solution}')\""
  g = load(game_file);
  N = sum(strncmp(fieldnames(g), 'B_', 2));
  of = @(letter, i) g.(sprintf('%s_%d', letter, i));
  T = g.horizon;
  for i = 1:N
    Q = of('Q', i);
    P{i} = Q(:, :, T + 1);
  end
  for t = T:-1:1
    A = g.A(:, :, t);
    B = {}; R = {}; BP = [];
    for i = 1:N
      b = of('B', i); r = of('R', i);
      B{i} = b(:, :, t);
      R{i} = r(:, :, t) + g.tau / 2 * eye(size(r, 1));
      BP = [BP; B{i}' * P{i}];
    end
    Phi = BP * [B{:}] + blkdiag(R{:});
    if rcond(Phi) < eps
      error('Phi is singular at t = %d', t - 1);
    end
    gains = -Phi \ (BP * A);
    F = A + [B{:}] * gains;
    last = 0;
    for i = 1:N
      own = gains(last + 1:last + size(R{i}, 1), :);
      last = last + size(R{i}, 1);
      Q = of('Q', i);
      s.(sprintf('K_%d', i))(:, :, t) = own;
      s.(sprintf('Sigma_%d', i))(:, :, t) = g.tau / 2 * inv(R{i} + B{i}' * P{i} * B{i});
      P{i} = Q(:, :, t) + own' * R{i} * own + F' * P{i} * F;
    end
  end
  save(solution_file, '-struct', 's', '-v7');
end
