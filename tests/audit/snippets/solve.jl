# ergs-verify audit --command "julia solve.jl {game} {solution}"
using JSON, LinearAlgebra

# JSON holds a matrix as a list of rows; Julia would write one as a list of columns.
matrix(rows) = Float64[rows[r][c] for r in eachindex(rows), c in eachindex(rows[1])]
rows(matrix) = [matrix[r, :] for r in axes(matrix, 1)]

function main(game_file, solution_file)
    g = JSON.parsefile(game_file)
    T, N, half = g["horizon"], length(g["B"]), Float64(g["tau"]) / 2
    A = matrix.(g["A"])
    B, Q, R = ([matrix.(agent) for agent in g[letter]] for letter in ("B", "Q", "R"))
    K = [Vector{Any}(undef, T) for _ in 1:N]
    Sigma = [Vector{Any}(undef, T) for _ in 1:N]
    P = [Q[i][T + 1] for i in 1:N]
    for t in T:-1:1
        Rt = [R[i][t] + half * I for i in 1:N]
        Bt = reduce(hcat, [B[i][t] for i in 1:N])
        BP = reduce(vcat, [B[i][t]' * P[i] for i in 1:N])
        gains = -((BP * Bt + cat(Rt...; dims=(1, 2))) \ (BP * A[t]))
        F = A[t] + Bt * gains
        last = 0
        for i in 1:N
            own = gains[last+1:last+size(Rt[i], 1), :]
            last += size(Rt[i], 1)
            K[i][t] = rows(own)
            Sigma[i][t] = rows(half * inv(Rt[i] + B[i][t]' * P[i] * B[i][t]))
            P[i] = Q[i][t] + own' * Rt[i] * own + F' * P[i] * F
        end
    end
    solution = Dict("format" => "ergs-solution/1", "K" => K, "Sigma" => Sigma)
    open(file -> JSON.print(file, solution), solution_file, "w")
end

main(ARGS...)
